import { parseJson } from '../../../kernel/json.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import type { NewDocument, Passage } from '../documents/store.ts';
import type { Chunk } from '../types.ts';
import type { Seal } from './seal.ts';
import type { Seals } from './sealing.ts';

type Identity = Pick<NewDocument, 'collection' | 'source' | 'uri'>;

const placeOfDocument = (org: OrgId, what: string, { collection, source, uri }: Identity): string =>
  JSON.stringify([what, org, collection, source, uri]);
const placeOfChunk = (org: OrgId, what: string, collection: number, document: number, ordinal: number): string =>
  JSON.stringify([what, org, collection, document, ordinal]);

/** What is kept of a document; its name, address, size, language and times stay readable. */
export function closedDocument<D extends Omit<NewDocument, 'audience'>>(seal: Seal, org: OrgId, document: D): D {
  const { title, metadata, hash, revision, told } = document;
  return {
    ...document,
    title: seal.close(title, placeOfDocument(org, 'title', document)),
    metadata: { sealed: seal.close(JSON.stringify(metadata), placeOfDocument(org, 'metadata', document)) },
    hash: seal.hash(hash),
    ...(revision === undefined ? {} : { revision: seal.hash(revision) }),
    ...(told === undefined ? {} : { told: closedTold(seal, told) }),
    toldKeys: [],
  };
}

/** Of both of its parts, since they are compared apart. */
export function closedTold(seal: Seal, told: string): string {
  return told.split(':').map(seal.hash).join(':');
}

export function openedTitle(seal: Seal, org: OrgId, document: Identity & { title: string }): string {
  return seal.open(document.title, placeOfDocument(org, 'title', document));
}

export function closedChunk(seal: Seal, org: OrgId, collection: number, document: number, chunk: Chunk): Chunk {
  const { headings, text, ordinal } = chunk;
  const place = (what: string) => placeOfChunk(org, what, collection, document, ordinal);
  return {
    ...chunk,
    text: seal.close(text, place('text')),
    headings: headings.length === 0 ? [] : [seal.close(JSON.stringify(headings), place('headings'))],
  };
}

/** What is embedded of a passage, as it was before it was kept. */
export function openedUnembedded<
  U extends Omit<Identity, 'collection'> & Pick<Passage, 'document' | 'ordinal' | 'title' | 'headings' | 'text'>,
>(seal: Seal, org: OrgId, collection: number, one: U): U {
  const place = (what: string) => placeOfChunk(org, what, collection, one.document, one.ordinal);
  return {
    ...one,
    title: openedTitle(seal, org, { collection, source: one.source, uri: one.uri, title: one.title }),
    headings: openedHeadings(seal, one.headings, place('headings')),
    text: seal.open(one.text, place('text')),
  };
}

const openedHeadings = (seal: Seal, headings: readonly string[], place: string): string[] =>
  headings.flatMap((sealed) => parsed(seal.open(sealed, place)) as string[]);

/** Passages as they were before they were kept. */
export function openedPassages(seals: Seals, org: OrgId, passages: readonly Passage[]): Passage[] {
  if (seals.size === 0) return [...passages];
  return passages.map((passage) => {
    const { collectionId, document, ordinal, headings, text, metadata, source, uri } = passage;
    const seal = seals.get(collectionId);
    if (!seal) return passage;
    const place = (what: string) => placeOfChunk(org, what, collectionId, document, ordinal);
    const identity = { collection: collectionId, source, uri };
    return {
      ...passage,
      encrypted: true as const,
      text: seal.open(text, place('text')),
      headings: openedHeadings(seal, headings, place('headings')),
      title: openedTitle(seal, org, { ...identity, title: passage.title }),
      metadata: parsed(
        seal.open(String(metadata.sealed), placeOfDocument(org, 'metadata', identity)),
      ) as Passage['metadata'],
    };
  });
}

/** What was written here, whatever its length. */
function parsed(text: string): unknown {
  return parseJson(text, { maxLength: text.length });
}
