import { isObject } from '../../../../kernel/json.ts';
import { listIn, type Site, SiteFault, textIn } from './site.ts';

/** Who may view a page, beyond what its space says. */
export interface Restrictions {
  /**
   * Undefined when nothing restricts the page. A reader there must be let in by the page and by each page above it;
   * a list of subjects can only say so where the same ones are named everywhere, so that it may let in fewer people than
   * Confluence does and never more. Throws `SiteFault` where asking again may help.
   */
  readersOf(id: string, signal: AbortSignal, problem: (reason: string) => void): Promise<string[] | undefined>;
}

export interface RestrictionsDeps {
  site: Site;
  /** Principals by account id. */
  people: Record<string, string>;
}

const pageSize = 100;
const maxReaders = 10_000;
const maxAncestors = 250;
const unclear = 'its answer does not tell who may view a page';

/** What is not told must not be taken for "nobody is kept out". */
function readersIn(answer: unknown): { list: Record<string, unknown>[]; limit: number } {
  if (!isObject(answer) || !Array.isArray(answer.results)) throw new SiteFault(unclear);
  const { limit } = answer;
  return {
    list: listIn(answer.results),
    limit: typeof limit === 'number' && limit > 0 ? Math.min(limit, pageSize) : pageSize,
  };
}

function idIn(value: unknown): string {
  const text = String(value);
  if (!/^\d{1,20}$/.test(text)) throw new SiteFault(unclear);
  return text;
}

export function createRestrictions({ site, people }: RestrictionsDeps): Restrictions {
  // Pages share most of what is above them.
  const known = new Map<string, Promise<string[] | undefined>>();

  function ownOf(id: string, signal: AbortSignal): Promise<string[] | undefined> {
    const asked = known.get(id) ?? askFor(id, signal);
    known.set(id, asked);
    asked.catch(() => known.delete(id));
    return asked;
  }

  async function askFor(id: string, signal: AbortSignal): Promise<string[] | undefined> {
    const subjects = new Set<string>();
    for (let start = 0; start < maxReaders; ) {
      const query = { expand: 'restrictions.user,restrictions.group', start: String(start), limit: String(pageSize) };
      const answer = await site.get(`/rest/api/content/${id}/restriction/byOperation/read`, query, signal);
      const { user, group } = isObject(answer.restrictions) ? answer.restrictions : {};
      const users = readersIn(user);
      const groups = readersIn(group);
      for (const { accountId } of users.list) {
        const account = textIn(accountId) ?? '';
        subjects.add(`principal:${Object.hasOwn(people, account) ? people[account] : `confluence/${account}`}`);
      }
      for (const { name, id: groupId } of groups.list)
        subjects.add(`group:confluence/${textIn(name) ?? textIn(groupId) ?? ''}`);
      const step = Math.min(users.limit, groups.limit);
      if (users.list.length < users.limit && groups.list.length < groups.limit) break;
      start += step;
    }
    return subjects.size > 0 ? [...subjects].sort() : undefined;
  }

  async function chainOf(id: string, signal: AbortSignal): Promise<string[]> {
    const { results } = await site.get(`/api/v2/pages/${id}/ancestors`, { limit: String(maxAncestors) }, signal);
    if (!Array.isArray(results) || results.length >= maxAncestors) throw new SiteFault(unclear);
    return [...listIn(results).map((each) => idIn(each.id)), id];
  }

  return {
    async readersOf(id, signal, problem) {
      try {
        const lists = await Promise.all((await chainOf(id, signal)).map((each) => ownOf(each, signal)));
        const named = lists.filter((list) => list !== undefined);
        const [first, ...others] = named;
        if (!first) return undefined;
        const readers = first.filter((subject) => others.every((list) => list.includes(subject)));
        if (readers.length === 0)
          problem('it and the pages above it are restricted to different readers; nobody may read it here');
        return readers;
      } catch (error) {
        const isLasting = error instanceof SiteFault && (error.status === 403 || error.status === 404);
        if (!isLasting) throw error;
        problem('its restrictions cannot be read with this token; nobody may read it here');
        return [];
      }
    },
  };
}
