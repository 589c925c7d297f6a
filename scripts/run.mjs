// What the scripts of package.json run by: installs what is missing, Node 24 included, and then runs a file of this
// checkout. In one program, since npm leaves out `prestart` and the like where a user's npmrc says ignore-scripts=true.
//
//   node scripts/run.mjs src/main.ts serve        development packages may be missing (npm ci --omit=dev)
//   node scripts/run.mjs --dev scripts/test.ts    they may not
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootstrap } from './bootstrap.mjs';
import { launch, orComplain } from './launch.mjs';

const dev = process.argv[2] === '--dev';
const [file, ...args] = process.argv.slice(dev ? 3 : 2);

await orComplain(async () => {
  await bootstrap({ dev });
  await launch(join(fileURLToPath(new URL('..', import.meta.url)), file), args);
});
