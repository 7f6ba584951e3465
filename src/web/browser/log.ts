/** The log in a terminal, loaded when it is unfolded. */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Terminal } from '@xterm/xterm';

const LINES_KEPT = 50_000;

/**
 * The page's policy allows no styles that stand in elements. What the terminal would write there goes where code may
 * write: into sheets that are adopted, and into the style object of an element.
 */
function keepToPolicy(): void {
  const create = document.createElement.bind(document);
  const setAttribute = Element.prototype.setAttribute;
  const styleElement = () => {
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
    return Object.defineProperty(create('template'), 'textContent', {
      set: (rules: string) => sheet.replaceSync(rules),
    });
  };
  document.createElement = ((name: string, options?: ElementCreationOptions) =>
    name === 'style' ? styleElement() : create(name, options)) as typeof document.createElement;
  Element.prototype.setAttribute = function set(this: Element, name: string, value: string) {
    if (name === 'style') (this as HTMLElement).style.cssText = value;
    else setAttribute.call(this, name, value);
  };
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    background: of('raised'),
    foreground: of('ink'),
    cursor: of('raised'),
    cursorAccent: of('raised'),
    selectionBackground: `${of('accent')}55`,
    scrollbarSliderBackground: `${of('edge')}80`,
    scrollbarSliderHoverBackground: of('edge'),
    scrollbarSliderActiveBackground: of('edge'),
    red: of('bad'),
    brightRed: of('bad'),
    green: of('good'),
    brightGreen: of('good'),
    blue: of('accent'),
    brightBlue: of('accent'),
    yellow: of('warn'),
    brightYellow: of('warn'),
    white: of('ink'),
    brightWhite: of('ink'),
    black: of('dim'),
    brightBlack: of('dim'),
  };
}

export interface LogView {
  write(text: string): void;
  find(text: string, isBackward: boolean): void;
  toEnd(): void;
}

/** @param styles address of the terminal's style sheet */
export async function openLog(host: HTMLElement, styles: string): Promise<LogView> {
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: styles });
  const isStyled = new Promise((done) => {
    link.onload = done;
    link.onerror = done;
  });
  document.head.append(link);
  await isStyled;
  keepToPolicy();
  const terminal = new Terminal({
    allowProposedApi: true,
    convertEol: true,
    disableStdin: true,
    fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--mono'),
    fontSize: 13,
    lineHeight: 1.35,
    minimumContrastRatio: 4.5,
    // A log's links are a stranger's: they are text here.
    linkHandler: { activate: () => undefined },
    scrollback: LINES_KEPT,
    theme: colours(),
  });
  const [fit, search] = [new FitAddon(), new SearchAddon()];
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.open(host);
  terminal.textarea?.setAttribute('aria-label', 'Log, read-only');
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(host);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    terminal.options.theme = colours();
  });
  return {
    write: (text) => terminal.write(text),
    find: (text, isBackward) => void (isBackward ? search.findPrevious(text) : search.findNext(text)),
    toEnd: () => terminal.scrollToBottom(),
  };
}
