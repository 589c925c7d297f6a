import { randomBytes } from 'node:crypto';
import { type DestinationChoice, type DestinationOfAny, destinationChoice } from '../../../config/schema.ts';
import { isObject, parseJson } from '../../../kernel/json.ts';
import type { OrgId } from '../../../kernel/principal.ts';
import { type BookRow, listBook, rewriteEntry } from '../../../platform/book/index.ts';
import type { Db } from '../../../platform/db/index.ts';
import type { Holding, Keyring } from '../../../platform/keyring/index.ts';

export const table = 'event_destinations';

/** A destination added at run time, as it is used. */
export interface Added {
  settings: DestinationChoice;
  /** Secrets that were rotated out, and sign until a time, in milliseconds since the epoch. */
  retiring: readonly { secret: string; until: number }[];
}

/** Fields that nobody is shown again, by type. */
const hiddenFields: Record<DestinationOfAny['type'], readonly string[]> = {
  webhook: ['secrets'],
  slack: ['url'], // whoever knows it can post there
  email: ['password'],
};

export function shownOf(settings: DestinationOfAny): Record<string, unknown> {
  const shown = Object.entries(settings).filter(([key]) => !hiddenFields[settings.type].includes(key));
  return Object.fromEntries(shown.map(([key, value]) => [key, key === 'url' ? whereOf(String(value)) : value]));
}

/** Whose it is: what follows may be a secret, put in for a reference. */
function whereOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname, search } = new URL(url);
  return pathname === '/' && search === '' ? `${origin}/` : `${origin}/…`;
}

export function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

const contextOf = (org: OrgId, name: string) => `event destination ${org} ${name}`;

export function sealed(keyring: Keyring, org: OrgId, name: string, added: Added): string {
  return keyring.encrypt(JSON.stringify(added), contextOf(org, name));
}

/** Throws where no secret here opens it, or it says nothing that is understood. */
export function opened(keyring: Keyring, { org, name, settings }: BookRow): Added {
  const value = parseJson(keyring.decrypt(String(settings), contextOf(org, name)));
  if (!isObject(value)) throw new Error('not the settings of a destination');
  const retiring = Array.isArray(value.retiring) ? (value.retiring as Added['retiring']) : [];
  return { settings: destinationChoice.parse(value.settings), retiring };
}

/** The settings of destinations that were added at run time. */
export function keptDestinations(db: Db): Holding {
  return {
    what: 'settings of event destinations',
    async renew(renewal) {
      let [renewed, lost] = [0, 0];
      for (const row of await listBook(db, table)) {
        const { org, name, settings } = row;
        if (typeof settings !== 'string' || renewal.isCurrent(settings)) continue;
        try {
          await rewriteEntry(db, org, table, row, renewal.again(settings, contextOf(org, name)));
          renewed++;
        } catch {
          lost++;
        }
      }
      return { renewed, lost };
    },
  };
}
