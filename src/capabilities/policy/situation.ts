import ipaddr from 'ipaddr.js';
import type { JsonObject } from '../../kernel/json.ts';
import { remember } from '../../kernel/remember.ts';
import { nothingProjected, type ProjectedArguments } from './projection.ts';

/** From where a call comes, as far as policies can read it. */
export interface CallOrigin {
  endpoint?: string | undefined;
  surface?: string | undefined;
  clientAddress?: string | undefined;
}

export interface Situation {
  /** What the rules read: handed to Cedar as it is and kept by the audit, so that a decision can be repeated. */
  context: JsonObject;
  faults: readonly string[];
}

/**
 * Where policies read nothing of the arguments, the situation of all calls of one origin is one and the same object, and
 * its context frozen: by that others know what is worth remembering.
 */
export function situationOf(environment: string, origin: CallOrigin, projected: ProjectedArguments): Situation {
  if (projected !== nothingProjected) return makeSituation(environment, origin, projected);
  const { surface = 'unknown', endpoint, clientAddress } = origin;
  const at = endpoint === undefined ? '' : `/${endpoint}`;
  const from = clientAddress === undefined ? '' : `@${clientAddress}`;
  const key = `${environment}\n${surface}\n${at}\n${from}`;
  const known = situations.get(key);
  if (known) return known;
  const made = makeSituation(environment, origin, projected);
  Object.freeze(made.context);
  if (situations.size >= rememberedSituations) situations.clear();
  situations.set(key, made);
  return made;
}

const situations = new Map<string, Situation>();
const rememberedSituations = 1_000;

function makeSituation(environment: string, origin: CallOrigin, projected: ProjectedArguments): Situation {
  const faults = [...projected.faults];
  const clientAddress = origin.clientAddress === undefined ? undefined : plainAddress(origin.clientAddress);
  if (clientAddress === undefined && origin.clientAddress !== undefined) faults.push('the client address is not one');
  return {
    // In the order of RFC 8785, in which the audit keeps it.
    context: {
      arguments: projected.values,
      ...(clientAddress === undefined ? {} : { clientAddress }),
      cutArguments: [...projected.cut],
      ...(origin.endpoint === undefined ? {} : { endpoint: origin.endpoint }),
      environment,
      surface: origin.surface ?? 'unknown',
    },
    faults,
  };
}

/** Cedar refuses IPv4 written as IPv6, and zones: `::ffff:10.0.0.1` and `fe80::1%eth0`. */
function parsePlain(address: string): string | undefined {
  const [plain = ''] = address.split('%');
  return ipaddr.isValid(plain) ? ipaddr.process(plain).toString() : undefined;
}

/** Callers come from the same addresses again and again, and each call asks twice. */
const plainAddress = remember(parsePlain, 1_000);
