/** Template → what Handlebars' runtime executes. The build puts a module with all of them compiled in place of this one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { PACKAGE_ROOT } from '../root.ts';

/** @param file path within the package */
export function compile(file: string): TemplateSpecification {
  const text = readFileSync(join(PACKAGE_ROOT, file), 'utf8');
  const code = Handlebars.precompile(text, { strict: true, noEscape: true });
  return new Function(`return ${code}`)() as TemplateSpecification;
}
