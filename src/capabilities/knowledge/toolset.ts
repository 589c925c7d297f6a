import { z } from 'zod';
import { collectionChoice } from '../../config/schema.ts';
import type { Call, CallerLink, OwnItems, OwnToolset, ProviderReply } from '../../kernel/call.ts';
import type { Clock } from '../../kernel/clock.ts';
import { InvalidRequest, NotFound } from '../../kernel/errors.ts';
import { knowledgeToolset } from '../../kernel/names.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { AnswerTool } from './answer/tool.ts';
import type { ReadableSource } from './documents/store.ts';
import type { AddedDocument, AddedPage, createAdding } from './ingest/add.ts';
import { type Followed, sumOf } from './ingest/follow.ts';
import type { Filters } from './lexical/index.ts';
import { feedbackArguments, feedbackTool, type Vote } from './quality/index.ts';
import { staleAdvice } from './query/freshness.ts';
import { largestBudget, usualBudget, usualLimit } from './query/limits.ts';
import { shown } from './query/passages.ts';
import type { Answer, Asker, createQueries, Found, Question } from './query/query.ts';
import { rounded, scoreOf } from './query/scores.ts';
import { documentReply, replyOf, textOf } from './replies.ts';
import { fetchTool, ingestTool, queryTool, relatedTool, sourcesTool, syncTool, usualWaitSeconds } from './tools.ts';

export interface ToolsetDeps {
  queries: ReturnType<typeof createQueries>;
  /** The same for what nobody asked: it counts as no question. */
  unwatched: Pick<ReturnType<typeof createQueries>, 'query'>;
  /** What the asker may read, by source. */
  sources(asker: Asker): Promise<ReadableSource[]>;
  ingest: ReturnType<typeof createAdding>['add'];
  vote(principal: Principal, vote: Vote): Promise<void>;
  /** Has sources read, or joins the passes that are under way, and watches them. */
  sync(
    principal: Principal,
    what: { collection: string; source?: string; forMs: number },
    report: (passes: readonly Followed[]) => void,
    signal: AbortSignal,
  ): Promise<{ over: boolean; passes: Followed[] }>;
  askerOf(principal: Principal): Asker;
  findInstructions(text: string): string[];
  /** Where there is a model to answer with. */
  answer?: AnswerTool;
  /** Whether there are any documents to be asked. */
  isNeeded(): boolean;
  onNeeded(listener: () => void): () => void;
  clock: Clock;
}

const budget = z.int().default(usualBudget);
const queryArguments = z.object({
  query: z.string(),
  collections: z.array(z.string()).optional(),
  limit: z.int().default(usualLimit),
  max_tokens: budget,
  min_freshness: z.string().optional(),
  path: z.string().optional(),
  language: z.enum(['english', 'german', 'french', 'spanish', 'simple']).optional(),
  changed_since: z.string().optional(),
  changed_before: z.string().optional(),
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
});
const fetchArguments = z.object({
  id: z.int(),
  extent: z.enum(['neighbours', 'section', 'document']).default('neighbours'),
  from: z.int().optional(),
  max_tokens: budget,
});
const relatedArguments = z.object({ id: z.int(), limit: z.int().default(usualLimit) });
const ingestArguments = z.object({
  collection: z.string(),
  name: z.string().optional(),
  text: z.string().optional(),
  url: z.string().optional(),
  title: z.string().optional(),
});

const syncArguments = z.object({
  collection: z.string(),
  source: z.string().optional(),
  wait_seconds: z.int().default(usualWaitSeconds),
});
/** An answer has to be on its way before the deadline. */
const answeringMs = 1_000;

const unitMs = { m: 60_000, h: 3_600_000, d: 86_400_000 };

const offered: OwnItems = {
  tools: [queryTool, fetchTool, relatedTool, sourcesTool, ingestTool, syncTool, feedbackTool],
  prompts: [],
  resources: [],
  templates: [
    {
      uriTemplate: 'knowledge://{collection}/{document}',
      name: 'document',
      title: "A document of the team's",
      description: 'A whole document, by the address that each passage has as `resource`.',
      mimeType: 'text/markdown',
    },
  ],
};

/** The tools by which agents ask the team's documents. Their arguments were held against the schemas before. */
export function createKnowledgeToolset(deps: ToolsetDeps): OwnToolset {
  const { queries, sources, ingest, askerOf, findInstructions, clock } = deps;
  const show = (passages: readonly Parameters<typeof shown>[0][]) =>
    passages.map((passage) => shown(passage, { now: clock.now(), findInstructions }));
  const scored = (passages: readonly Found[]) =>
    show(passages).map((passage, at) => ({ ...passage, ...scoreOf(passages[at] as Found) }));

  const tools: Record<string, (call: Call, signal: AbortSignal) => Promise<ProviderReply>> = {
    ...(deps.answer ? { answer: deps.answer.run } : {}),
    async query({ principal, arguments: given }, signal) {
      const wanted = queryArguments.parse(given);
      const { query, limit, max_tokens: maxTokens, collections } = wanted;
      const asked: Question = {
        ...{ query, limit, maxTokens, filters: filtersOf(wanted, clock.now()) },
        ...(collections ? { collections } : {}),
      };
      const { answerable, confidence, passages, parts } = await queries.query(askerOf(principal), asked, signal);
      const stale = answerable ? '' : await staleAdvice(asked, confidence, askerOf(principal), deps, signal);
      const advice = stale + (adviceFor(answerable, passages.length, parts) ?? '');
      return replyOf(
        {
          ...{ answerable, confidence: rounded(confidence) },
          ...(advice === '' ? {} : { advice }),
          ...(parts ? { parts: parts.map((part) => ({ ...part, confidence: rounded(part.confidence) })) } : {}),
          passages: scored(passages),
        },
        passages,
      );
    },
    async fetch({ principal, arguments: given }) {
      const { id, extent, from, max_tokens: maxTokens } = fetchArguments.parse(given);
      const reach = { maxTokens, ...(from === undefined ? {} : { from }) };
      const { passages, next } = await queries.around(askerOf(principal), id, extent, reach);
      return replyOf({ passages: show(passages), ...(next === undefined ? {} : { next }) }, passages);
    },
    async related({ principal, arguments: given }, signal) {
      const { id, limit } = relatedArguments.parse(given);
      const passages = await queries.related(askerOf(principal), id, limit, signal);
      return replyOf({ passages: scored(passages) }, passages);
    },
    async sources({ principal }) {
      const found = (await sources(askerOf(principal))).map((source) => shownSource(source, clock.now()));
      const text = found.map((one) => JSON.stringify(one)).join('\n') || 'There are no documents that you may read.';
      return { kind: 'result', result: { content: [{ type: 'text', text }], structuredContent: { sources: found } } };
    },
    async ingest({ principal, arguments: given, link }, signal) {
      // The title is the document's, which may be encrypted; this result is kept in the audit.
      const { title: _, ...kept } = await ingest(principal, sentBy(ingestArguments.parse(given)), signal, (update) =>
        link.progress(update),
      );
      const text = `Kept as document ${kept.document} in ${kept.passages} passages; it can be found now.`;
      return { kind: 'result', result: { content: [{ type: 'text', text }], structuredContent: { ...kept } } };
    },
    async sync({ principal, arguments: given, link, deadline }, signal) {
      const { collection, source, wait_seconds: seconds } = syncArguments.parse(given);
      const leftMs = deadline === undefined ? Number.POSITIVE_INFINITY : deadline - clock.now() - answeringMs;
      const what = {
        collection,
        forMs: Math.min(seconds * 1_000, leftMs),
        ...(source === undefined ? {} : { source }),
      };
      const report = progressOf(link);
      const { over, passes } = await deps.sync(principal, what, report, signal);
      const states = passes.map(
        (pass) => `${pass.source}: ${pass.state}, ${sumOf([pass]).message}${pass.reason ? `: ${pass.reason}` : ''}`,
      );
      const rest = over ? '' : 'It goes on by itself; call again to see how far it is.';
      const none = over && passes.length === 0 ? 'The collection has no sources: it is filled by ingest.' : '';
      const text = [...states, rest, none].filter(Boolean).join('\n');
      const told = { over, sources: passes.map((pass) => ({ ...pass, counts: { ...pass.counts } })) };
      return { kind: 'result', result: { content: [{ type: 'text', text }], structuredContent: told } };
    },
    async feedback({ principal, arguments: given }) {
      const { id, ...vote } = feedbackArguments.parse(given);
      await deps.vote(principal, { passage: id, ...vote });
      const text = 'Kept for those who look after the documents. It does not change what is found.';
      return { kind: 'result', result: { content: [{ type: 'text', text }], structuredContent: { kept: true } } };
    },
  };

  const answering = deps.answer ? [deps.answer.definition] : [];
  return {
    name: knowledgeToolset,
    onChange: deps.onNeeded,
    list: () =>
      deps.isNeeded()
        ? { ...offered, tools: [...offered.tools, ...answering] }
        : { tools: [], prompts: [], resources: [], templates: [] },
    // What would be read, and when it was read last.
    previews: { sync: { by: 'sources', arguments: [] } },
    provider: {
      async dispatch(call, signal) {
        const run = call.operation === 'tool' ? tools[call.tool.name] : undefined;
        if (run) return await run(call, signal);
        if (call.operation === 'read') return await readDocument(call, deps);
        throw NotFound({ what: call.operation, id: call.target.slice(0, 200) });
      },
    },
  };
}

/** A schema cannot say it: several model APIs refuse alternatives at the top of one. */
function sentBy({ collection, name, text, url, title }: z.output<typeof ingestArguments>): AddedDocument | AddedPage {
  if ((text === undefined) === (url === undefined)) throw InvalidRequest({ faults: ['give either text or url'] });
  const more = { collection, ...(title === undefined ? {} : { title }) };
  if (url !== undefined) return { ...more, url, ...(name === undefined ? {} : { name }) };
  if (name === undefined) throw InvalidRequest({ faults: ['a text needs a name'] });
  return { ...more, name, bytes: Buffer.from(text ?? '') };
}

/** Tells the caller how far it is, each time that it is further. */
function progressOf(link: CallerLink): (passes: readonly Followed[]) => void {
  let before = -1;
  return (passes) => {
    const now = sumOf(passes);
    if (now.progress <= before) return; // progress has to grow, by the protocol
    before = now.progress;
    link.progress(now);
  };
}

async function readDocument(call: Call, { queries, askerOf, findInstructions }: ToolsetDeps): Promise<ProviderReply> {
  const uri = call.providerTarget ?? call.target;
  const match = /^knowledge:\/\/([^/]+)\/(\d{1,10})$/.exec(uri);
  const passages = match
    ? await queries.document(askerOf(call.principal), String(match[1]), Number(match[2]), largestBudget)
    : [];
  if (passages.length === 0) throw NotFound({ what: 'document', id: uri.slice(0, 200) });
  return documentReply(uri, passages, findInstructions(textOf(passages)));
}

/** Who may read it is nothing to its readers. */
function shownSource(
  { collection, settings, source, documents, chunks, confirmedAt, changedAt }: ReadableSource,
  now: number,
) {
  const { description } = collectionChoice.parse(settings);
  return {
    ...{ collection, description, source, documents, passages: chunks },
    checkedMinutesAgo: Math.max(0, Math.round((now - confirmedAt) / unitMs.m)),
    ...(changedAt === undefined ? {} : { changedDaysAgo: Math.max(0, Math.round((now - changedAt) / unitMs.d)) }),
  };
}

function filtersOf(wanted: z.output<typeof queryArguments>, now: number): Filters {
  const { path: uriPrefix, language, changed_since: since, changed_before: before } = wanted;
  const { min_freshness: fresh, metadata } = wanted;
  const unit = fresh?.at(-1) as keyof typeof unitMs | undefined;
  return {
    ...(uriPrefix === undefined ? {} : { uriPrefix }),
    ...(language === undefined ? {} : { languages: [language] }),
    ...(since === undefined ? {} : { changedSince: new Date(since) }),
    ...(before === undefined ? {} : { changedBefore: new Date(before) }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(unit === undefined
      ? {}
      : { confirmedSince: new Date(now - Number.parseInt(String(fresh), 10) * unitMs[unit]) }),
  };
}

function adviceFor(isAnswerable: boolean, nearest: number, parts: Answer['parts'] = []): string | undefined {
  const where = 'Ask in other words, look at what there is with the tool sources, or say that it is not written down.';
  if (!isAnswerable && nearest === 0) return `Nothing was found. ${where}`;
  if (!isAnswerable) return `Nothing fits: what follows was only nearest. ${where}`;
  const open = parts.filter((part) => !part.answerable).map(({ question }) => `"${question}"`);
  return open.length === 0 ? undefined : `To this part of the question nothing fits: ${open.join(', ')}. ${where}`;
}
