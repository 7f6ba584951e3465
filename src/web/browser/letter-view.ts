/** Puts the letter about a failure into the page. */
import type { RepoSpec } from '../../types.ts';
import { type Failed, issueLink, letterOf } from '../pages/letter.ts';
import { repoName } from '../pages/words.ts';
import { byId, copyButton, make } from './dom.ts';

interface Letter {
  spec: RepoSpec;
  failed: Failed;
  /** Address of the log that stays, if there is one. */
  log: string | undefined;
  tryAgain(): void;
}

export function showLetter({ spec, failed, log, tryAgain }: Letter): void {
  const words = letterOf(failed, repoName(spec));
  const letter = byId<HTMLTemplateElement>('letter').content.firstElementChild?.cloneNode(true) as HTMLElement;
  letter.dataset.turn = words.turn;
  const slot = (name: string) => letter.querySelector(`[data-slot="${name}"]`) as HTMLElement;
  for (const name of ['whose', 'title', 'what', 'more', 'who', 'how'] as const) slot(name).textContent = words[name];
  slot('more').hidden = words.more === '';
  (letter.querySelector('[data-part="how"]') as HTMLElement).hidden = words.how === '';
  slot('copy').hidden = false;
  copyButton(slot('copy') as HTMLButtonElement, () => words.how);
  const again = make('button', { type: 'button', className: 'button primary', textContent: 'Try again' });
  again.addEventListener('click', tryAgain);
  slot('actions').replaceChildren(again);
  if (log) {
    const copy = make('button', { type: 'button', className: 'button', textContent: 'Copy link to the log' });
    copyButton(copy, () => new URL(log, location.href).href);
    slot('actions').append(copy);
  }
  const issue = words.turn === 'author' ? issueLink(spec, failed, location.href.replace(/#.*/, '')) : '';
  if (issue)
    slot('actions').append(
      make('a', {
        className: 'button',
        href: issue,
        rel: 'noopener noreferrer',
        target: '_blank',
        textContent: 'Tell the author',
      }),
    );
  const place = byId('failure');
  place.replaceChildren(letter);
  place.hidden = false;
  slot('title').focus({ preventScroll: true });
}
