/** The few things that every page's code does to its page. */

/** An element that the page is known to have. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found as E;
}

/** A new element; text is text and never markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Sets a text only when it is another one: a screen reader would say it again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Pages over plain http have no clipboard of their own, only the old command. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = make('textarea', { value: text, className: 'unseen' });
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    return isCopied;
  }
}

/** A button that copies; it says so for a moment. */
export function copyButton(button: HTMLButtonElement, text: () => string): void {
  const label = button.textContent;
  button.addEventListener('click', async () => {
    button.textContent = (await copy(text())) ? 'Copied' : 'Not copied';
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

export interface ApiError {
  code: string;
  message: string;
  hint?: string;
  blame?: 'user' | 'operator' | 'upstream' | 'bug';
}

/** JSON of the API; throws its error as an ApiError. */
export async function askApi<T>(path: string, options: RequestInit = {}): Promise<T> {
  const answer = await fetch(path, options).catch(() => undefined);
  if (!answer)
    throw { code: 'service_unreachable', message: 'The service does not answer.', blame: 'upstream' } as ApiError;
  const body: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return body as T;
  const error = body as ApiError | undefined;
  throw error?.message
    ? error
    : ({ code: 'internal', message: `The service answered ${answer.status}.`, blame: 'bug' } as ApiError);
}
