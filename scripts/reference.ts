import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version } from '../src/app/compose.ts';
import { errorCatalogue } from '../src/app/errors.ts';
import { commands } from '../src/cli/commands/index.ts';
import { settingsJsonSchema } from '../src/config/jsonschema.ts';
import { restDocument } from '../src/surfaces/rest/index.ts';
import { cliPage } from './reference/cli.ts';
import { errorsPage } from './reference/errors.ts';
import { settingsPage } from './reference/settings.ts';

/** A page of the reference that is made from the code. */
interface Page {
  /** From the root of the repository. */
  file: string;
  text(): string;
}

const pages: readonly Page[] = [
  { file: 'docs/reference/fairlead.schema.json', text: () => `${JSON.stringify(settingsJsonSchema(), null, 2)}\n` },
  { file: 'docs/reference/openapi.json', text: () => `${JSON.stringify(restDocument(version), null, 2)}\n` },
  { file: 'docs/reference/errors.md', text: () => errorsPage(errorCatalogue) },
  { file: 'docs/reference/settings.md', text: settingsPage },
  { file: 'docs/reference/cli.md', text: () => cliPage(commands) },
];

const root = fileURLToPath(new URL('..', import.meta.url));

/** Files that say something else than the code, or are not there. */
export function driftedPages(): string[] {
  return pages.filter(({ file, text }) => readIfThere(join(root, file)) !== text()).map(({ file }) => file);
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function writePages(): void {
  for (const { file, text } of pages) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text());
    console.log(file);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writePages();
