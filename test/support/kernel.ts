/** Runs notebooks, code and terminal commands in a session, through the same server API that a browser uses. */
import { randomUUID } from 'node:crypto';
import WebSocket from 'ws';

/** What a `ready` event says about a session. */
export interface SessionAddress {
  url: string;
  token: string;
}

interface Message {
  parent_header: { msg_id?: string };
  header: { msg_type: string };
  channel: string;
  content: Record<string, unknown>;
}

const KERNEL_TIMEOUT = 60_000;

/** Asks the session's REST API; anything but 2xx raises with the body. */
export async function callServer<T>(session: SessionAddress, path: string, method = 'GET', body?: unknown): Promise<T> {
  const response = await fetch(new URL(path, session.url), {
    method,
    signal: AbortSignal.timeout(60_000),
    headers: { authorization: `token ${session.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

interface NotebookFile {
  content: {
    cells: { cell_type: string; source: string | string[] }[];
    metadata: { kernelspec?: { name: string } };
  };
}

/** Runs it by the kernel that it names: the text of each code cell's outputs, '' without any. An error in a cell raises. */
export async function runNotebook(session: SessionAddress, path: string): Promise<string[]> {
  const file = await callServer<NotebookFile>(
    session,
    `api/contents/${path.split('/').map(encodeURIComponent).join('/')}`,
  );
  const sources = file.content.cells
    .filter((cell) => cell.cell_type === 'code')
    .map((cell) => (Array.isArray(cell.source) ? cell.source.join('') : cell.source));
  return runCells(session, sources, path, file.content.metadata.kernelspec?.name);
}

/** The text that one piece of code prints and shows, in a kernel of its own at the server's root. */
export async function runCode(session: SessionAddress, code: string): Promise<string> {
  const [output = ''] = await runCells(session, [code], `${randomUUID()}.ipynb`);
  return output;
}

async function runCells(
  session: SessionAddress,
  sources: string[],
  path: string,
  kernel = 'python3',
): Promise<string[]> {
  const started = await callServer<{ id: string; kernel: { id: string } }>(session, 'api/sessions', 'POST', {
    path,
    name: path,
    type: 'notebook',
    kernel: { name: kernel },
  });
  const socket = await open(session, `api/kernels/${started.kernel.id}/channels`);
  try {
    const outputs: string[] = [];
    for (const source of sources) outputs.push(await execute(socket, source));
    return outputs;
  } finally {
    socket.terminate();
    await callServer(session, `api/sessions/${started.id}`, 'DELETE');
  }
}

function open(session: SessionAddress, path: string): Promise<WebSocket> {
  const url = new URL(path, session.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.search = '';
  const socket = new WebSocket(url, { headers: { authorization: `token ${session.token}` } });
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Done when the kernel is idle again *and* has replied: either may come first. */
function execute(socket: WebSocket, code: string): Promise<string> {
  const id = randomUUID();
  const header = { msg_id: id, msg_type: 'execute_request', session: id, username: 'test', version: '5.3' };
  const content = { code, silent: false, store_history: true, allow_stdin: false, stop_on_error: true };
  const parts: string[] = [];
  let failure: Error | undefined;
  let isIdle = false;
  let hasReply = false;
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.off('message', onMessage);
      socket.off('close', onClose);
      if (error) reject(error);
      else resolve(parts.join(''));
    };
    const onMessage = (raw: WebSocket.RawData) => {
      const message = JSON.parse(raw.toString()) as Message;
      if (message.parent_header.msg_id !== id) return;
      const type = message.header.msg_type;
      if (type === 'execute_reply') hasReply = true;
      if (type === 'status') isIdle ||= message.content.execution_state === 'idle';
      if (type === 'error') failure = cellError(message.content);
      parts.push(outputText(type, message.content));
      if (isIdle && hasReply) end(failure);
    };
    const onClose = () => end(new Error('The kernel closed its connection.'));
    const timer = setTimeout(() => end(new Error(`A cell took over ${KERNEL_TIMEOUT} ms: ${code}`)), KERNEL_TIMEOUT);
    socket.on('message', onMessage);
    socket.on('close', onClose);
    socket.send(JSON.stringify({ header, parent_header: {}, metadata: {}, content, channel: 'shell', buffers: [] }));
  });
}

function outputText(type: string, content: Record<string, unknown>): string {
  if (type === 'stream') return String(content.text);
  if (type !== 'execute_result' && type !== 'display_data') return '';
  const data = content.data as Record<string, unknown>;
  return `${data['text/plain'] ?? ''}\n`;
}

function cellError(content: Record<string, unknown>): Error {
  const traceback = stripAnsi((content.traceback as string[]).join('\n'));
  return new Error(`${content.ename}: ${content.evalue}\n${traceback}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals speak in control characters
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007|\r/g;

function stripAnsi(text: string): string {
  return text.replace(ANSI, '');
}

/** Types a command into a terminal of the session, as JupyterLab's does; its output and exit code. */
export async function runTerminal(
  session: SessionAddress,
  command: string,
): Promise<{ output: string; exitCode: number }> {
  const { name } = await callServer<{ name: string }>(session, 'api/terminals', 'POST', {});
  const socket = await open(session, `terminals/websocket/${name}`);
  try {
    return await type(socket, command);
  } finally {
    socket.terminate();
    await callServer(session, `api/terminals/${name}`, 'DELETE');
  }
}

/** The marks are put together by the shell, so that the echo of what is typed is not taken for them. */
function type(socket: WebSocket, command: string): Promise<{ output: string; exitCode: number }> {
  const line = `printf '\\nslip%s-begin\\n' way; ${command}\nprintf '\\nslip%s-end:%d\\n' way $?\n`;
  let heard = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`${why}; the terminal said:\n${heard}`));
    const timer = setTimeout(() => fail(`"${command}" did not end`), KERNEL_TIMEOUT);
    socket.on('message', (raw) => {
      const [kind, text] = JSON.parse(raw.toString()) as [string, string];
      if (kind === 'stdout') heard += text;
      const match = /\nslipway-begin\n([\s\S]*)\nslipway-end:(\d+)\n/.exec(stripAnsi(heard));
      if (!match) return;
      clearTimeout(timer);
      resolve({ output: withoutPrompt(match[1] ?? ''), exitCode: Number(match[2]) });
    });
    socket.on('close', () => fail('The terminal was closed'));
    socket.send(JSON.stringify(['stdin', line]));
  });
}

/** What stands between the marks ends in the prompt and the echo of the second line. */
function withoutPrompt(text: string): string {
  const echo = text.lastIndexOf("printf '\\nslip%s-end");
  if (echo < 0) return text.trimEnd();
  return text.slice(0, text.lastIndexOf('\n', echo) + 1).trimEnd();
}
