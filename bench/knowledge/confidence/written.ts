import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDocumentReader } from '../../../src/capabilities/knowledge/read/document.ts';
import type { Language } from '../../../src/capabilities/knowledge/types.ts';
import { hashOf } from './phrasing.ts';
import type { World, WorldEntry } from './worlds.ts';

/** Questions that people wrote, in a file beside this: each with the sections that answer it, or `nowhere`. */
export async function writtenWorld(
  kind: string,
  file: string,
  folder: string,
  pattern: string,
  language: Language,
): Promise<World> {
  const reader = createDocumentReader();
  const entries: WorldEntry[] = [];
  const bySection = new Map<string, WorldEntry[]>();
  for (const path of globSync(pattern, { cwd: folder }).sort()) {
    const document = await reader.read({ bytes: readFileSync(join(folder, path)), name: path });
    for (const { headings, text } of document.chunks) {
      const entry = {
        chunkId: entries.length + 1,
        title: document.title,
        headings,
        text,
        language,
        answersOf: new Set<string>(),
      };
      entries.push(entry);
      // A document's first heading stands for what comes before its first section.
      const heading = headings.length > 1 ? headings.at(-1) : '';
      const key = `${path}#${heading}`;
      bySection.set(key, [...(bySection.get(key) ?? []), entry]);
    }
  }
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const questions = lines.map((line) => {
    const [text = '', where = ''] = line.split(' | ');
    const isHeldOut = hashOf(text) % 3 === 0;
    if (where === 'nowhere') return { text, answers: new Set<number>(), isHeldOut };
    const answers = where.split(';').flatMap((section) => {
      const found = bySection.get(section);
      if (!found) throw new Error(`${file}: there is no section ${section}`);
      return found;
    });
    for (const entry of answers) entry.answersOf.add(text);
    return { text, answers: new Set(answers.map(({ chunkId }) => chunkId)), group: text, isHeldOut };
  });
  return { kind, name: file, entries, questions };
}
