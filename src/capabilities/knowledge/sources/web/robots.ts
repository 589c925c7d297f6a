/** What a robots.txt asks of us, by RFC 9309. */
export interface Robots {
  allows(url: URL): boolean;
  delayMs: number;
  sitemaps: string[];
}

const maxLength = 500 * 1024; // as the RFC asks at least
const maxRules = 5_000;

interface Rule {
  allow: boolean;
  path: string;
}

interface Group {
  agents: string[];
  rules: Rule[];
  delayMs: number;
}

export const noRobots: Robots = { allows: () => true, delayMs: 0, sitemaps: [] };

/** @param agent the product's name without a version */
export function parseRobots(text: string, agent: string): Robots {
  const { groups, sitemaps } = parseGroups(text.slice(0, maxLength).replace(/^\uFEFF/, ''));
  const own = groups.filter(({ agents }) => agents.includes(agent.toLowerCase()));
  const chosen = own.length > 0 ? own : groups.filter(({ agents }) => agents.includes('*'));
  // The longest rule that fits decides, and of two as long the one that allows.
  const rules = chosen
    .flatMap((group) => group.rules)
    .slice(0, maxRules)
    .sort((a, b) => b.path.length - a.path.length || Number(b.allow) - Number(a.allow));
  return {
    allows(url) {
      if (url.pathname === '/robots.txt') return true;
      const path = normal(`${url.pathname}${url.search}`);
      return rules.find((rule) => fits(rule.path, path))?.allow ?? true;
    },
    delayMs: Math.max(0, ...chosen.map((group) => group.delayMs)),
    sitemaps,
  };
}

function parseGroups(text: string): { groups: Group[]; sitemaps: string[] } {
  const groups: Group[] = [];
  const sitemaps: string[] = [];
  let naming = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const { key, value } = fieldOf(line);
    const group = groups.at(-1);
    switch (key) {
      case 'user-agent': {
        const name = /^(\*|[a-z_-]+)/i.exec(value)?.[0].toLowerCase() ?? '';
        if (naming && group) group.agents.push(name);
        else groups.push({ agents: [name], rules: [], delayMs: 0 });
        naming = true;
        break;
      }
      case 'allow':
      case 'disallow':
        naming = false;
        if (value !== '') group?.rules.push({ allow: key === 'allow', path: normal(value) });
        break;
      case 'crawl-delay':
        naming = false;
        if (group && Number(value) > 0) group.delayMs = Number(value) * 1000;
        break;
      case 'sitemap':
        if (value !== '') sitemaps.push(value);
        break;
      default:
    }
  }
  return { groups, sitemaps };
}

function fieldOf(line: string): { key: string; value: string } {
  const comment = line.indexOf('#');
  const said = comment < 0 ? line : line.slice(0, comment);
  const colon = said.indexOf(':');
  return { key: said.slice(0, Math.max(0, colon)).trim().toLowerCase(), value: said.slice(colon + 1).trim() };
}

/** Escapes in one way, whichever the file and the address have. */
function normal(path: string): string {
  return path.replace(/[^\x21-\x7e]/gu, encodeURIComponent).replace(/%([\da-f]{2})/gi, (code, hex) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16));
    return /[\w.~-]/.test(char) ? char : code.toUpperCase();
  });
}

/** In time that grows with the lengths alone: the file is a stranger's. */
function fits(pattern: string, path: string): boolean {
  const tied = pattern.endsWith('$');
  const parts = (tied ? pattern.slice(0, -1) : pattern).split('*');
  const [first = '', ...others] = parts;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = tied ? others.pop() : undefined;
  for (const part of others) {
    const found = path.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  if (!tied) return true;
  return last === undefined ? at === path.length : path.length - last.length >= at && path.endsWith(last);
}
