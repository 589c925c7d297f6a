import { isObject, type JsonObject } from '../../kernel/json.ts';
import type { Turns } from './turns.ts';
import { fieldWeights } from './weights.ts';

/** What the index knows of a tool. */
export interface SearchableTool {
  /** Canonical id `toolset.name`. */
  id: string;
  toolset: string;
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonObject;
  /** Questions or calls for which it was right. */
  examples?: readonly string[];
  tags?: readonly string[];
}

export type FieldName = keyof typeof fieldWeights;

export const fieldNames = Object.keys(fieldWeights) as FieldName[];

const longestText = 2_000;
const longestDetail = 200;
const mostParameters = 80;
const mostSchemas = 400;
const deepest = 3;
const commonFrom = 6; // a sentence that so many tools have tells nothing about any of them

/** The texts of every tool by field. `lead` is the first sentence of the description, `body` the rest. */
export function* fieldsOf(tools: readonly SearchableTool[]): Turns<Record<FieldName, string>[]> {
  const sentences: string[][] = [];
  const counts = new Map<string, number>();
  for (const { description = '' } of tools) {
    const each = sentencesOf(description);
    sentences.push(each);
    for (const sentence of new Set(each)) counts.set(sentence, (counts.get(sentence) ?? 0) + 1);
    yield;
  }
  const fields: Record<FieldName, string>[] = [];
  for (const [at, tool] of tools.entries()) {
    const [lead = '', ...rest] = sentences[at] ?? [];
    const { names, details } = parametersOf(tool.inputSchema);
    fields.push({
      name: tool.name.slice(0, longestDetail),
      title: (tool.title ?? '').slice(0, longestDetail),
      lead,
      body: rest.filter((sentence) => (counts.get(sentence) ?? 0) < commonFrom).join(' '),
      parameters: names.join(' '),
      details: details.join(' ').slice(0, longestText),
      examples: [...(tool.examples ?? []), ...(tool.tags ?? [])]
        .slice(0, mostParameters)
        .join(' ')
        .slice(0, longestText),
      toolset: tool.toolset,
    });
    yield;
  }
  return fields;
}

/** Whether a tool says of itself that something else should be used. */
export function isDeprecated({ title = '', description = '', tags = [] }: SearchableTool): boolean {
  const text = `${title} ${description.slice(0, longestDetail)}`;
  return tags.includes('deprecated') || /(?<!the )\bdeprecated\b|\(legacy\)|\bclosing down\b|\bobsolete\b/i.test(text);
}

/** Sentences without addresses. */
function sentencesOf(description: string): string[] {
  return description
    .slice(0, longestText)
    .replace(/\]\([^)\s]*\)/g, ']')
    .replace(/https?:\/\/\S+/g, ' ')
    .split(/(?<=[.!?:])\s+|\n+/)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Names of properties as deep as they say something, and what is said of them. */
function parametersOf(schema: JsonObject): { names: string[]; details: string[] } {
  const names: string[] = [];
  const details: string[] = [];
  let seen = 0;
  const collect = (at: unknown, depth: number) => {
    if (!isObject(at) || depth === 0 || ++seen > mostSchemas) return;
    for (const [name, property] of isObject(at.properties) ? Object.entries(at.properties) : []) {
      if (names.length >= mostParameters) return;
      names.push(name.slice(0, longestDetail));
      if (!isObject(property)) continue;
      if (typeof property.description === 'string') details.push(property.description.slice(0, longestDetail));
      if (Array.isArray(property.enum))
        details.push(property.enum.slice(0, mostParameters).join(' ').slice(0, longestDetail));
      collect(property, depth - 1);
      collect(property.items, depth - 1);
    }
    for (const part of ['allOf', 'anyOf', 'oneOf']) {
      const parts = at[part];
      if (Array.isArray(parts)) for (const each of parts.slice(0, mostParameters)) collect(each, depth - 1);
    }
  };
  collect(schema, deepest);
  return { names, details };
}
