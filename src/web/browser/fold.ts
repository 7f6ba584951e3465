/** The fold that holds the log: lines are kept until somebody wants to see them. */
import { byId, setText } from './dom.ts';
import type { LogView } from './log.ts';

/** Characters kept while the fold is closed; the whole log can be downloaded. */
const KEPT = 4_000_000;

export class LogFold {
  private readonly fold = byId<HTMLDetailsElement>('log');
  private readonly note = byId('log-note');
  private view: LogView | undefined;
  private isLoading = false;
  private held: string[] = [];
  private size = 0;
  private lines = 0;

  constructor(styles: string) {
    this.fold.addEventListener('toggle', () => void this.load(styles));
    const search = byId<HTMLInputElement>('log-search');
    search.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      this.view?.find(search.value, event.shiftKey);
    });
    search.addEventListener('input', () => this.view?.find(search.value, false));
  }

  get isOpen(): boolean {
    return this.fold.open;
  }

  get isEmpty(): boolean {
    return this.lines === 0;
  }

  add(text: string): void {
    this.lines += text.split('\n').length - 1;
    setText(this.note, this.lines === 1 ? '1 line' : `${this.lines.toLocaleString('en')} lines`);
    if (this.view) this.view.write(text);
    else this.hold(text);
  }

  private hold(text: string): void {
    this.held.push(text);
    this.size += text.length;
    while (this.size > KEPT) this.size -= this.held.shift()?.length ?? 0;
  }

  /** Opens it at its end, which is where a failure is. */
  open(): void {
    this.fold.open = true;
    this.view?.toEnd();
  }

  saveAs(address: string): void {
    const link = byId<HTMLAnchorElement>('log-download');
    link.href = address;
    link.hidden = false;
  }

  private async load(styles: string): Promise<void> {
    if (!this.fold.open || this.isLoading) return;
    this.isLoading = true;
    const { openLog } = await import('./log.ts');
    this.view = await openLog(byId('terminal'), styles);
    for (const text of this.held) this.view.write(text);
    this.held = [];
  }
}
