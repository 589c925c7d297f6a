import { globSync, readFileSync } from 'node:fs';
import { createDocumentReader } from '../../../src/capabilities/knowledge/read/document.ts';
import type { ReadDocument } from '../../../src/capabilities/knowledge/types.ts';
import { asked, createRandom, hashOf, ofHeading, reworded, sentencesOf, shortened, verbose } from './phrasing.ts';
import type { World, WorldEntry, WorldQuestion } from './worlds.ts';

interface Readme {
  name: string;
  document: ReadDocument;
}

const groups = 25;
const fewestTokens = 40;

/** The Markdown of installed packages, each text once, those with a third of the names kept out of the fit. */
export async function readmeWorlds(): Promise<World[]> {
  const all = await readReadmes();
  const worlds: World[] = [];
  for (const isHeld of [false, true]) {
    const own = all.filter(({ name }) => isHeldOut(name) === isHeld);
    const part = isHeld ? 'held out' : 'open';
    const rich = own.filter(({ document }) => document.chunks.length >= 6);
    for (const at of [0, 1, 2])
      worlds.push(worldOf(`5 packages, ${part} ${at}`, rich.slice(at * 5, at * 5 + 5), rich.slice(20, 40), 40));
    worlds.push(worldOf(`50 packages, ${part}`, own.slice(60, 110), own.slice(110, 140), 120));
  }
  return [...worlds, worldOf('150 packages', all.slice(0, 150), all.slice(250, 300), 160)];
}

const isHeldOut = (name: string): boolean => hashOf(name) % 3 === 0;

async function readReadmes(): Promise<Readme[]> {
  const reader = createDocumentReader();
  const files = globSync('node_modules/**/{README,readme,Readme}*.md').filter(
    (file) => !/\.[a-z]{2}(-[A-Z]{2})?\.md$/.test(file),
  );
  const seen = new Set<string>();
  const readmes: Readme[] = [];
  for (const file of files.sort()) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? file;
    const bytes = readFileSync(file);
    const key = `${name} ${bytes.toString('utf8').slice(0, 200)}`;
    if (seen.has(key) || bytes.length > 200_000) continue;
    seen.add(key);
    const document = await reader.read({ bytes, name: file }).catch(() => undefined);
    if (document) readmes.push({ name, document });
  }
  return readmes.sort((a, b) => hashOf(a.name) - hashOf(b.name));
}

function worldOf(name: string, inside: readonly Readme[], outside: readonly Readme[], count: number): World {
  const entries: WorldEntry[] = [];
  const texts = new Set<string>();
  const sections = new Map<string, WorldEntry[]>();
  const sectionOf = (readme: Readme, headings: readonly string[]) =>
    `${readme.name} ${readme.document.title} ${headings.join(' > ')}`;
  for (const readme of inside)
    for (const chunk of readme.document.chunks) {
      if (texts.has(chunk.text)) continue;
      texts.add(chunk.text);
      const entry: WorldEntry = {
        chunkId: entries.length + 1,
        title: readme.document.title,
        headings: chunk.headings,
        text: chunk.text,
        language: 'english',
        answersOf: new Set(),
      };
      entries.push(entry);
      const key = sectionOf(readme, chunk.headings);
      sections.set(key, [...(sections.get(key) ?? []), entry]);
    }
  const headings = new Map<string, number>();
  for (const key of sections.keys()) {
    const last = (key.split(' > ').at(-1) ?? '').toLowerCase();
    headings.set(last, (headings.get(last) ?? 0) + 1);
  }
  const isOwn = (heading: string | undefined): heading is string =>
    heading !== undefined &&
    heading.length > 3 &&
    (headings.get(heading.toLowerCase()) ?? 0) <= 1 &&
    !usual.test(heading);

  const random = createRandom(hashOf(name));
  const questions: WorldQuestion[] = [];
  const candidates = candidatesOf(inside, sectionOf).filter(({ key }) => sections.has(key));
  for (const { name: of, key, headings: path, sentences } of shuffled(candidates, random).slice(0, count)) {
    const answers = sections.get(key) ?? [];
    const group = `${hashOf(key) % groups}`;
    const style = random();
    const heading = path.at(-1);
    const sentence = sentences[Math.floor(random() * sentences.length)] ?? '';
    let text: string;
    if (style < 0.2 && isOwn(heading) && path.length > 1) text = ofHeading(heading, random);
    else if (style < 0.35 && isOwn(heading) && path.length > 1) {
      text = ofHeading(heading, random);
      for (const entry of answers) entry.headings = entry.headings.slice(0, -1);
    } else if (style < 0.55) text = asked(shortened(sentence, random), random);
    else if (style < 0.8) text = asked(reworded(shortened(sentence, random), random), random);
    else text = verbose(reworded(shortened(sentence, random), random), random);
    for (const entry of answers) entry.answersOf.add(group);
    questions.push({ text, answers: new Set(answers.map(({ chunkId }) => chunkId)), group, isHeldOut: isHeldOut(of) });
  }
  for (const { name: of, headings: path, sentences } of shuffled(candidatesOf(outside, sectionOf), random).slice(
    0,
    count / 2,
  )) {
    const heading = path.at(-1);
    const sentence = sentences[Math.floor(random() * sentences.length)] ?? '';
    const text =
      random() < 0.35 && isOwn(heading) && path.length > 1
        ? ofHeading(heading, random)
        : asked(reworded(shortened(sentence, random), random), random);
    questions.push({ text, answers: new Set(), isHeldOut: isHeldOut(of) });
  }
  return { kind: 'readmes', name, entries, questions };
}

/** What every package says, so that another one answers it as well. */
const usual =
  /^(license|licence|install|installation|usage|api|example|examples|options|contributing|contributors|changelog|tests?|features|credits|support|authors?|getting started|security|methods|see also|related|table of contents|documentation|why\??|faq|overview|introduction|description|motivation|about|notes?|releases?|requirements|browser support|compatibility|sponsors?|development|thanks|acknowledg.*|how it works|quick start|basic usage|syntax|parameters|returns?)$/i;

function candidatesOf(readmes: readonly Readme[], keyOf: (readme: Readme, headings: readonly string[]) => string) {
  return readmes.flatMap((readme) => {
    const sections = new Map<string, { name: string; key: string; headings: string[]; sentences: string[] }>();
    for (const { headings, text, tokens } of readme.document.chunks) {
      const key = keyOf(readme, headings);
      if (sections.has(key) || tokens < fewestTokens || usual.test(headings.at(-1) ?? '')) continue;
      const sentences = sentencesOf(text);
      if (sentences.length > 0) sections.set(key, { name: readme.name, key, headings: [...headings], sentences });
    }
    return [...sections.values()].slice(0, 12);
  });
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((one) => ({ one, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}
