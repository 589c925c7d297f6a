import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');

/** Kept out of the work tree, and gone with `node_modules`. */
export const cacheDir = join(root, 'node_modules', '.cache', 'fairlead');
export const resultsDir = join(cacheDir, 'results');
export const coverageDir = join(cacheDir, 'coverage');
