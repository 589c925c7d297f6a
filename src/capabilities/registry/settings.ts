import type { JsonObject } from '../../kernel/json.ts';
import { toolsetPattern } from '../../kernel/names.ts';
import { RegistryNotUsable, RegistryValues } from './errors.ts';
import type { Listed, Package, Remote } from './format.ts';
import { createAnswers, type Given, type Part, type Wanted, wantedByPackage, wantedByRemote } from './inputs.ts';
import type { Offer } from './offers.ts';
import { cautionsOf, launchOf, runnerOf } from './packages.ts';
import { addressOf } from './remotes.ts';

/** An upstream's settings, as `upstreams add` takes them, and the same for the eye. */
export interface Translated {
  settings: JsonObject;
  /** References stand in the place of secrets. */
  shown: JsonObject;
  /** Variables that `shown` refers to for secrets, to be set where the server runs. */
  variables: string[];
  /** What somebody should know before it is added. */
  cautions: string[];
}

/** What a package or a remote asks for. */
export function wantedBy(offer: Offer): Wanted[] {
  if (!offer.value) return [];
  return offer.kind === 'package' ? wantedByPackage(offer.value) : wantedByRemote(offer.value);
}

/** What somebody should know before this way of having it is taken. */
export function cautionsFor({ kind, value }: Offer): string[] {
  return kind === 'package' && value ? cautionsOf(value) : [];
}

/**
 * The settings for one way of having a server.
 *
 * @param secretsLater secrets that are not given become references, to be set later
 * @throws RegistryNotUsable, and RegistryValues with everything that is missing or wrong
 */
export function translate(
  server: Listed,
  offer: Offer,
  given: Given,
  { secretsLater = false }: { secretsLater?: boolean } = {},
): Translated {
  if (server.status === 'deleted')
    throw RegistryNotUsable({
      what: `Version ${server.version}`,
      server: server.name,
      reason: `it was deleted from its registry${server.statusMessage ? ` (${server.statusMessage})` : ''}`,
    });
  const { value, reason, label } = offer;
  if (!value || reason !== undefined)
    throw RegistryNotUsable({ what: label, server: server.name, reason: reason ?? 'it cannot be read' });
  const answers = createAnswers({ all: wantedBy(offer), given, secretsLater });
  const made = offer.kind === 'package' ? ofPackage(value as Package) : ofRemote(value as Remote);

  function ofPackage(pkg: Package): Omit<Translated, 'variables'> {
    const runner = runnerOf(pkg);
    if ('reason' in runner) throw RegistryNotUsable({ what: label, server: server.name, reason: runner.reason });
    const { command, args, env } = launchOf(pkg, runner, answers);
    const built = (pick: (part: Part) => string): JsonObject => ({
      command,
      args: args.map(pick),
      ...(env.size > 0 ? { env: picked(env, pick) } : {}),
    });
    return { ...bothOf(built), cautions: cautionsOf(pkg) };
  }

  function ofRemote(remote: Remote): Omit<Translated, 'variables'> {
    const { url, headers } = addressOf(remote, answers);
    const built = (pick: (part: Part) => string): JsonObject => ({
      url: pick(url),
      ...(headers.size > 0 ? { headers: picked(headers, pick) } : {}),
      transport: remote.type === 'sse' ? 'sse' : 'http',
    });
    const open = url.text.startsWith('http:') && headers.size > 0;
    return {
      ...bothOf(built),
      cautions: open ? ['its address has no TLS: what it is sent can be read on the way'] : [],
    };
  }

  const faults = answers.faults();
  if (faults.length > 0)
    throw RegistryValues({ server: server.name, faults: faults.map((fault) => `  - ${fault}`).join('\n') });
  return { ...made, variables: answers.variables(), cautions: [...statusCautions(server), ...made.cautions] };
}

function bothOf(built: (pick: (part: Part) => string) => JsonObject): Pick<Translated, 'settings' | 'shown'> {
  return { settings: built(({ text }) => text), shown: built(({ shown }) => shown) };
}

function picked(parts: ReadonlyMap<string, Part>, pick: (part: Part) => string): JsonObject {
  return Object.fromEntries([...parts].map(([name, part]) => [name, pick(part)]));
}

function statusCautions({ status, statusMessage, newerSchema }: Listed): string[] {
  const cautions: string[] = [];
  if (status !== 'active') cautions.push(`its registry calls it ${status}${statusMessage ? `: ${statusMessage}` : ''}`);
  if (newerSchema !== undefined)
    cautions.push(
      `it is written in a format of ${newerSchema}, newer than what is known here, and was read as far as it is`,
    );
  return cautions;
}

/** A toolset's name for it, of the last part of its own; undefined when nothing of that can be one. */
export function toolsetFor(name: string): string | undefined {
  const wanted = name
    .slice(name.indexOf('/') + 1)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 24)
    .replace(/-+$/, '');
  return toolsetPattern.test(wanted) ? wanted : undefined;
}
