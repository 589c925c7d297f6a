import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { isObject } from '../kernel/json.ts';
import { ownToolset } from '../kernel/names.ts';
import { isLoopbackHost, isWebAddress } from './addresses.ts';
import { at, didYouMean, type Fault, type Path, shortKey } from './faults.ts';
import { codeOf } from './references.ts';
import type { IsSound } from './report.ts';
import { noModel, roleNames, type Settings } from './schema.ts';

interface Checked {
  /** What is in force if nothing is at fault; of what is at fault, the default. */
  settings: Settings;
  /** What the file says, sound or not. */
  said: unknown;
  isSound: IsSound;
}

/** What no single value shows: faults and warnings from how the settings stand together. */
export function crossCheck(checked: Checked): { faults: Fault[]; warnings: string[] } {
  const { settings } = checked;
  const faults = [
    ...anonymousFaults(checked),
    ...issuerFaults(checked),
    ...builtInFaults(checked),
    ...ssoFaults(checked),
    ...tlsFaults(checked),
    ...modelFaults(checked),
    ...vaultFaults(checked),
  ];
  const warnings: string[] = [];

  for (const [name, endpoint] of Object.entries(settings.endpoints)) {
    for (const toolset of endpoint.toolsets ?? []) {
      if (toolset === ownToolset || Object.hasOwn(settings.upstreams, toolset)) continue;
      const hint = didYouMean(toolset, Object.keys(settings.upstreams));
      warnings.push(`endpoints.${name} names the toolset ${toolset}, which the file does not declare${hint}`);
    }
  }
  for (const [name, upstream] of Object.entries(settings.upstreams)) {
    // It may be mounted later: the upstream is tried again and again.
    const path = 'openapi' in upstream && typeof upstream.openapi === 'string' ? upstream.openapi : undefined;
    const reason = path !== undefined && !isWebAddress(path) && unreadable(path);
    if (reason) warnings.push(`upstreams.${name}.openapi cannot be read (${reason})`);
  }
  const { vault } = settings.secrets;
  if (vault && !isProtected(new URL(vault.address))) {
    warnings.push('secrets.vault.address is not https: its token and all secrets go there unencrypted');
  }
  warnings.push(...knowledgeWarnings(settings));
  if (settings.tls && settings.publicUrl.startsWith('http:')) {
    warnings.push('server.publicUrl says http although the server speaks TLS');
  }
  const folder = settings.policies.folder;
  const reason = folder && unreadable(folder);
  if (reason) faults.push({ path: ['policies', 'folder'], text: `cannot be read (${reason})` });

  if (!isLoopbackHost(settings.host)) {
    if (!settings.publicUrlGiven) {
      warnings.push('FAIRLEAD_PUBLIC_URL is not set: clients elsewhere are told an address that they may not reach');
    } else if (settings.publicUrl.startsWith('http:')) {
      warnings.push('clients send their keys unencrypted: set server.tls, or put a proxy with TLS in front');
    }
  }
  return { faults, warnings };
}

function anonymousFaults({ settings: { host, allowAnonymous }, said, isSound }: Checked): Fault[] {
  if (!isSound(['server', 'host']) || isLoopbackHost(host) || allowAnonymous) return [];
  const endpoints = at(said, ['endpoints']);
  return Object.entries(isObject(endpoints) ? endpoints : {})
    .filter(([, endpoint]) => roleNames.some((role) => role === at(endpoint, ['anonymous'])))
    .map(([name]) => ({
      path: ['endpoints', name, 'anonymous'],
      text: 'lets anybody in who can reach this address; listen on loopback, or start with --allow-anonymous',
    }));
}

function issuerFaults({ settings, said, isSound }: Checked): Fault[] {
  const issuers = at(said, ['auth', 'issuers']);
  const seen = new Set<unknown>();
  const development = settings.development || !isSound(['development']);
  return (Array.isArray(issuers) ? issuers : []).flatMap((issuer, index) => {
    if (!isObject(issuer)) return [];
    const path: Path = ['auth', 'issuers', index];
    const faults: Fault[] = [];
    const fault = (key: string, text: string) => void faults.push({ path: [...path, key], text });
    const { algorithms } = issuer;
    const isShared = issuer.sharedSecret !== undefined;
    if (isShared && !development) fault('sharedSecret', 'is for development: it needs development: true');
    if (isShared && issuer.jwksUri !== undefined) fault('jwksUri', 'stands beside a sharedSecret; only one can count');
    if (!isShared && Array.isArray(algorithms) && algorithms.some((name) => String(name).startsWith('HS'))) {
      fault('algorithms', 'names a shared-secret algorithm without a sharedSecret');
    }
    const field = issuer.jwksUri === undefined ? 'issuer' : 'jwksUri';
    const address = issuer[field];
    if (!isShared && typeof address === 'string' && isSound([...path, field])) {
      if (!URL.canParse(address)) fault(field, 'must be a URL, since its keys are found by it');
      else if (!development && !isProtected(new URL(address))) {
        fault(field, 'must be https: whoever changes the keys on the way is let in');
      }
    }
    if (isSound([...path, 'issuer'])) {
      if (seen.has(issuer.issuer)) fault('issuer', 'stands there twice');
      seen.add(issuer.issuer);
    }
    return faults;
  });
}

/** Whether people sign in at this server itself. */
export function isBuiltIn({ auth, publicUrl }: Pick<Settings, 'auth' | 'publicUrl'>): boolean {
  const wanted = auth.issuers.length === 0 || Object.keys(auth.sso).length > 0;
  return auth.builtIn ?? (wanted && isProtected(new URL(publicUrl)));
}

function builtInFaults({ settings: { auth, publicUrl }, isSound }: Checked): Fault[] {
  if (auth.builtIn !== true || !isSound(['server', 'publicUrl']) || isProtected(new URL(publicUrl))) return [];
  const text = 'sends passwords unencrypted: server.publicUrl must be https, or on loopback';
  return [{ path: ['auth', 'builtIn'], text }];
}

function vaultFaults({ settings: { secrets }, isSound }: Checked): Fault[] {
  const path: Path = ['secrets', 'vault', 'caFile'];
  const file = secrets.vault?.caFile;
  const reason = file !== undefined && isSound(path) && unreadable(file);
  return reason ? [{ path, text: `cannot be read (${reason})` }] : [];
}

function ssoFaults({ settings: { auth, publicUrl, development }, said, isSound }: Checked): Fault[] {
  const path: Path = ['auth', 'sso'];
  const named = at(said, path);
  const providers = Object.entries(isObject(named) ? named : {});
  if (providers.length === 0) return [];
  const faults: Fault[] = [];
  if (auth.builtIn === false) faults.push({ path, text: 'needs the built-in sign-in: leave out auth.builtIn: false' });
  else if (isSound(['server', 'publicUrl']) && !isProtected(new URL(publicUrl))) {
    faults.push({ path, text: 'sends sign-ins unencrypted: server.publicUrl must be https, or on loopback' });
  }
  for (const [name, provider] of providers) {
    const issuer = at(provider, ['issuer']);
    if (typeof issuer !== 'string' || !isSound([...path, name, 'issuer'])) continue;
    if (!development && !isProtected(new URL(issuer))) {
      faults.push({
        path: [...path, name, 'issuer'],
        text: 'must be https: whoever changes an answer on the way is let in',
      });
    }
  }
  return faults;
}

function tlsFaults({ settings: { baseDir }, said, isSound }: Checked): Fault[] {
  const path: Path = ['server', 'tls'];
  const tls = at(said, path);
  const faults = ['cert', 'key', 'clientCa'].flatMap((name) => {
    const file = at(tls, [name]);
    const reason = typeof file === 'string' && isSound([...path, name]) && unreadable(resolve(baseDir, file));
    return reason ? [{ path: [...path, name], text: `the file cannot be read (${reason})` }] : [];
  });
  if (at(tls, ['requireClientCert']) === true && at(tls, ['clientCa']) === undefined) {
    faults.push({ path: [...path, 'clientCa'], text: 'is missing: requireClientCert needs it' });
  }
  return faults;
}

function modelFaults({ settings: { baseDir, knowledge }, said, isSound }: Checked): Fault[] {
  const named = at(said, ['models', 'embeddings']);
  const embeddings = isObject(named) ? named : {};
  const places: Path[] = [
    ['models', 'embedding'],
    ...Object.keys(embeddings).map((name) => ['models', 'embeddings', name]),
  ];
  const faults = places.flatMap((place): Fault[] => {
    const path = [...place, 'directory'];
    const directory = at(said, path);
    const reason = typeof directory === 'string' && isSound(path) && unreadable(resolve(baseDir, directory));
    return reason ? [{ path, text: `cannot be read (${reason})` }] : [];
  });
  for (const [name, { model }] of Object.entries(knowledge.collections)) {
    if (model === undefined || model === noModel || Object.hasOwn(embeddings, model)) continue;
    const known = [...Object.keys(embeddings).filter((one) => one !== noModel), noModel];
    faults.push({
      path: ['knowledge', 'collections', name, 'model'],
      text: `must be a name of models.embeddings or ${noModel}; there are ${known.map(shortKey).join(', ')}${didYouMean(model, known)}`,
    });
  }
  return faults;
}

/** It may be mounted later: a source is read again and again. */
function knowledgeWarnings({ knowledge, models, baseDir }: Settings): string[] {
  const warnings = Object.entries(knowledge.collections).flatMap(([name, { sources }]) =>
    Object.entries(sources).flatMap(([source, settings]) => {
      const folder = 'folder' in settings ? settings.folder : 'packages' in settings ? settings.packages : undefined;
      const reason = folder !== undefined && unreadable(resolve(baseDir, folder));
      return reason ? [`knowledge.collections.${name}.sources.${source}: ${folder} cannot be read (${reason})`] : [];
    }),
  );
  if (knowledge.search.decompose === 'model' && models.chat === undefined)
    warnings.push(
      'knowledge.search.decompose is model, and models.chat is not set: questions are taken apart by rules',
    );
  return warnings;
}

function isProtected(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}

function unreadable(path: string): string | undefined {
  try {
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}
