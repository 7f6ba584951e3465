/** The log in a terminal, loaded when it is unfolded. */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Terminal } from '@xterm/xterm';

const LINES_KEPT = 50_000;

/**
 * The page's policy allows no style element that is made by code; its rules go into a sheet that is adopted, which is
 * the same for the terminal.
 */
function withAdoptedStyles(): Document {
  const styleElement = () => {
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
    const element = document.createElement('meta');
    Object.defineProperty(element, 'textContent', {
      get: () => '',
      set: (rules: string) => sheet.replaceSync(rules),
    });
    return element;
  };
  return new Proxy(document, {
    get(target, key) {
      if (key === 'createElement')
        return (name: string) => (name === 'style' ? styleElement() : target.createElement(name));
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
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
  const terminal = new Terminal({
    allowProposedApi: true,
    convertEol: true,
    disableStdin: true,
    documentOverride: withAdoptedStyles(),
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
