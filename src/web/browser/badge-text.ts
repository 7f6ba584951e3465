/** The badge as text for a README. */

const FORMATS = {
  markdown: (image: string, link: string, name: string) => `[![${name}](${image})](${link})`,
  rst: (image: string, link: string, name: string) => `.. image:: ${image}\n   :target: ${link}\n   :alt: ${name}`,
  html: (image: string, link: string, name: string) =>
    `<a href="${link.replaceAll('&', '&amp;')}"><img src="${image}" alt="${name}"></a>`,
  asciidoc: (image: string, link: string, name: string) => `image:${image}["${name}",link="${link}"]`,
};

export type Format = keyof typeof FORMATS;

/**
 * @param path `<provider>/<spec>` of the repository
 * @param file what the session opens, '' for nothing in particular
 */
export function badgeText(format: Format, origin: string, path: string, file: string, name: string): string {
  const query = file === '' ? '' : `?labpath=${encodeURIComponent(file).replaceAll('%2F', '/')}`;
  return FORMATS[format](`${origin}/badge/${path}.svg`, `${origin}/v2/${path}${query}`, name);
}
