import { isAscii, joinedName, skeletonOf, wordsOf } from './confusables.ts';

export interface NamedTool {
  toolset: string;
  name: string;
  title?: string;
}

/**
 * How a name comes to be taken for another: `same`, or it differs in `case`, `separator` or `homoglyph` only; `prefix`: it
 * poses as a tool of a toolset that it does not belong to; `title`: its title is what another tool looks like.
 * `same` and `title` are common among honest servers.
 */
export type Likeness = 'same' | 'case' | 'separator' | 'homoglyph' | 'prefix' | 'title';

export interface Imitation {
  /** Canonical id. */
  tool: string;
  /** Canonical id of the tool that was there first, or the name of a toolset. */
  of: string;
  reason: Likeness;
}

interface Known extends NamedTool {
  id: string;
  joined: string;
  skeleton: string;
}

/**
 * The tools that look like one of another toolset, each once for names, prefixes and titles. Give the tools that were
 * known first: the first of several alike counts as the original, unless it is spelled with foreign letters.
 */
export function imitationsOf(tools: readonly NamedTool[]): Imitation[] {
  const known = tools.map((tool): Known => {
    return {
      ...tool,
      id: `${tool.toolset}.${tool.name}`,
      joined: joinedName(tool.name),
      skeleton: skeletonOf(tool.name),
    };
  });
  const originals = [...known.filter(({ name }) => isAscii(name)), ...known.filter(({ name }) => !isAscii(name))];
  const byJoined = firstOf(originals, ({ joined }) => joined);
  const bySkeleton = firstOf(originals, ({ skeleton }) => skeleton);
  const ofToolset = firstOf(originals, ({ toolset, skeleton }) => `${toolset} ${skeleton}`);
  const toolsets = new Map(tools.map(({ toolset }) => [skeletonOf(toolset), toolset]));
  return known.flatMap((tool) => {
    const found: Imitation[] = [];
    const say = (of: string, reason: Likeness) => found.push({ tool: tool.id, of, reason });
    const twin = other(byJoined.get(tool.joined), tool) ?? other(bySkeleton.get(tool.skeleton), tool);
    if (twin) say(twin.id, likenessOf(tool, twin));
    const posed = posesAs(tool.name, tool, toolsets, ofToolset) ?? posesAs(tool.title, tool, toolsets, ofToolset);
    if (posed !== undefined) say(posed, 'prefix');
    else if (!twin && tool.title) {
      const titled = other(bySkeleton.get(skeletonOf(tool.title)), tool);
      if (titled) say(titled.id, 'title');
    }
    return found;
  });
}

function firstOf(tools: readonly Known[], keyOf: (tool: Known) => string): Map<string, Known> {
  const found = new Map<string, Known>();
  for (const tool of tools) {
    const key = keyOf(tool);
    if (tool.joined !== '' && !found.has(key)) found.set(key, tool);
  }
  return found;
}

const other = (original: Known | undefined, { toolset }: Known) =>
  original && original.toolset !== toolset ? original : undefined;

function likenessOf(tool: Known, twin: Known): Likeness {
  if (tool.name === twin.name) return 'same';
  if (tool.name.toLowerCase() === twin.name.toLowerCase()) return 'case';
  return tool.joined === twin.joined && isAscii(tool.name) === isAscii(twin.name) ? 'separator' : 'homoglyph';
}

const maxPrefixWords = 4;

/** What a name claims to be when its first words are another toolset's name. */
function posesAs(
  name: string | undefined,
  { toolset }: Known,
  toolsets: ReadonlyMap<string, string>,
  ofToolset: ReadonlyMap<string, Known>,
): string | undefined {
  if (name === undefined) return undefined;
  const words = wordsOf(name.slice(0, 200)).map(skeletonOf);
  let prefix = '';
  for (let count = 1; count < words.length && count <= maxPrefixWords; count++) {
    prefix += words[count - 1];
    const claimed = toolsets.get(prefix);
    if (claimed === undefined || claimed === toolset) continue;
    const meant = ofToolset.get(`${claimed} ${words.slice(count).join('')}`);
    if (meant) return meant.id;
    if (!commonWords.has(claimed)) return claimed;
  }
  return undefined;
}

/** Toolsets may be called what any tool's name may begin with. */
const commonWords: ReadonlySet<string> = new Set(
  (
    'add app apps api auth browser build calendar chat check code create data database delete db deploy docs document ' +
    'documents echo email execute explain export fetch file files find get git image import issue issues list log logs ' +
    'mail map maps math memory message messages monitor news note notes page pages people play project projects query ' +
    'read run schedule search send set shell sql start stop storage task tasks test tests text think time tool tools ' +
    'translate update upload user users verify video view wait weather web wiki write'
  ).split(' '),
);
