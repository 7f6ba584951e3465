/** Markdown of strangers as HTML: no HTML of its own gets through, and nothing is loaded from anywhere. */
import MarkdownIt from 'markdown-it';

/** Pictures by name, as notebooks attach them to a cell: data URLs. */
export type Attachments = Readonly<Record<string, string>>;

const LONGEST = 200_000;
const NAMES =
  'a|abbr|b|big|blockquote|body|br|button|center|code|dd|del|details|div|dl|dt|em|embed|figcaption|figure|font|form|h[1-6]|head|hr|html|i|iframe|img|input|ins|kbd|label|li|link|mark|meta|nav|object|ol|p|picture|pre|s|samp|script|section|small|source|span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|video';
// Code in backticks is taken first, so that a tag in it is kept as it was written.
const TAGS = new RegExp(`\`+[^\`]*\`+|<!--[\\s\\S]*?(?:-->|$)|</?(?:${NAMES})(?=[\\s/>])[^<>]*>`, 'gi');
const MATH = /\$\$[^$]{1,2000}\$\$|\$(?![\s\d])[^$\n]{1,500}\$/y;
const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]+$/;

const md = new MarkdownIt({ html: false, linkify: false, maxNesting: 40 });

// Authors write HTML into Markdown; as text it would only be in the way of reading.
md.core.ruler.before('inline', 'without_tags', (state) => {
  for (const token of state.tokens)
    if (token.type === 'inline')
      token.content = token.content.replace(TAGS, (tag) =>
        tag.startsWith('`') ? tag : /^<br/i.test(tag) ? '  \n' : '',
      );
});

md.inline.ruler.before('escape', 'math', (state, silent) => {
  MATH.lastIndex = state.pos;
  const found = MATH.exec(state.src);
  if (!found) return false;
  if (!silent) state.push('math', '', 0).content = found[0].replaceAll('$', '');
  state.pos += found[0].length;
  return true;
});
md.renderer.rules.math = (tokens, index) =>
  `<code class="math">${md.utils.escapeHtml(tokens[index]?.content ?? '')}</code>`;

md.renderer.rules.image = (tokens, index, _options, env) => {
  const token = tokens[index];
  const source = String(token?.attrGet('src') ?? '');
  const attachments = (env?.attachments ?? {}) as Attachments;
  const alt = md.utils.escapeHtml(token?.content ?? '');
  const name = source.startsWith('attachment:') ? decodeURI(source.slice('attachment:'.length)) : undefined;
  const data = name === undefined ? source : Object.hasOwn(attachments, name) ? attachments[name] : '';
  if (data && PICTURE.test(data)) return `<img src="${md.utils.escapeHtml(data)}" alt="${alt}">`;
  return alt === '' ? '' : `<span class="absent">${alt}</span>`;
};

md.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  const token = tokens[index];
  const target = String(token?.attrGet('href') ?? '');
  if (!token) return '';
  // What is relative leads into the repository, which is not here.
  token.attrs = /^(?:https?|mailto):/i.test(target)
    ? [
        ['href', target],
        ['target', '_blank'],
        ['rel', 'noopener noreferrer nofollow'],
      ]
    : [];
  return self.renderToken(tokens, index, options);
};

/** HTML of a text; what is longer than 200,000 characters is cut. */
export function markdown(text: string, attachments: Attachments = {}): string {
  return md.render(text.slice(0, LONGEST), { attachments });
}
