/** Template of a page → what Handlebars' runtime executes. The build puts a module with all of them in place of this one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { PACKAGE_ROOT } from '../../root.ts';

/** @param name of a file in templates/pages, without `.hbs` */
export function compile(name: string): TemplateSpecification {
  const text = readFileSync(join(PACKAGE_ROOT, 'templates', 'pages', `${name}.hbs`), 'utf8');
  return new Function(`return ${Handlebars.precompile(text)}`)() as TemplateSpecification;
}
