/** The file that the link opens, shown to be read while one waits. */
import { byId } from './dom.ts';

const TRIES = 20;
const WAIT = 1500;

export class DocumentFrame {
  private readonly frame = byId<HTMLIFrameElement>('document-frame');
  private readonly note = byId('document-note');
  private isLooking = false;

  /** Somebody's pointer or focus is in it. */
  get isRead(): boolean {
    return this.frame.matches(':hover') || document.activeElement === this.frame;
  }

  /** Shows it as soon as its commit is fetched. */
  look(launch: string): void {
    if (this.isLooking) return;
    this.isLooking = true;
    void this.ask(`/api/v1/launches/${launch}/document`, TRIES);
  }

  private async ask(address: string, tries: number): Promise<void> {
    const answer = await fetch(address, { method: 'HEAD' }).catch(() => undefined);
    if (answer?.ok) {
      this.frame.addEventListener('load', () => {
        this.note.hidden = true;
      });
      this.frame.hidden = false;
      this.frame.src = address;
    } else if (tries > 0) setTimeout(() => void this.ask(address, tries - 1), WAIT);
  }
}
