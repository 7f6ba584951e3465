/** `npm run build`: dist/ as set-up makes it, when the packages are there. */
import { compile } from './setup/compile.mjs';

await compile();
