/** Code with its comments, strings, numbers and keywords marked: enough to read by, for any language with such. */
import Handlebars from 'handlebars';

const WORDS = new Set(
  'and as assert async await begin break catch class const continue def del do elif else elseif end except export False finally for from function global if import in include is lambda let library local macro module mutable new nonlocal not NULL None or pass raise repeat require return struct then throw TRUE FALSE True true false try type using var while with yield'.split(
    ' ',
  ),
);
const TOKENS =
  /(?<comment>#[^\n]*)|(?<string>"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:[^"\\\n]|\\[\s\S])*"?|'(?:[^'\\\n]|\\[\s\S])*'?)|(?<number>\b\d[\w.]*)|(?<word>[A-Za-z_]\w*)|(?<magic>^[%!][^\n]*)/gm;

function kindOf(groups: Record<string, string | undefined>): string | undefined {
  if (groups.word !== undefined) return WORDS.has(groups.word) ? 'word' : undefined;
  return ['comment', 'string', 'number', 'magic'].find((kind) => groups[kind] !== undefined);
}

/** Escaped HTML. */
export function highlight(code: string): string {
  let html = '';
  let end = 0;
  for (const match of code.matchAll(TOKENS)) {
    const kind = kindOf(match.groups ?? {});
    if (!kind) continue;
    html += Handlebars.escapeExpression(code.slice(end, match.index));
    html += `<span class="${kind}">${Handlebars.escapeExpression(match[0])}</span>`;
    end = match.index + match[0].length;
  }
  return html + Handlebars.escapeExpression(code.slice(end));
}
