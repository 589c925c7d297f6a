#!/usr/bin/env node
// The command `fairlead`. Node 20 cannot read TypeScript, so this small file finds the Node that can: npx has it first
// on PATH and it is already running; after `npm link`, or by this file's path, the one in node_modules is started.
import { fileURLToPath } from 'node:url';
import { bootstrap, isInstalled } from './bootstrap.mjs';
import { launch, orComplain } from './launch.mjs';

await orComplain(async () => {
  if (!isInstalled()) await bootstrap(); // a changed lock file waits for `npm start`: a server may be running from here
  await launch(fileURLToPath(new URL('../src/main.ts', import.meta.url)), process.argv.slice(2));
});
