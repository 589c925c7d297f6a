import { z } from 'zod';
import type { Clock } from '../../../kernel/clock.ts';
import { randomToken } from '../../../kernel/ids.ts';
import { parseJson } from '../../../kernel/json.ts';
import type { Db } from '../../../platform/db/types.ts';
import { type Egress, readBounded } from '../../../platform/http/index.ts';
import type { Log } from '../../../platform/telemetry/index.ts';
import { ClientRefused } from '../errors.ts';
import type { AuthServer } from '../port.ts';
import { type Client, deleteIdleClients, findClient } from './store.ts';

const documentAgeMs = 3_600_000; // then a document is read anew
const staleDocumentMs = 24 * 3_600_000; // how long one counts that cannot be read any more
const failureMs = 30_000;
const fetchTimeoutMs = 5_000;
const maxDocumentBytes = 16 * 1024;
const idleMs = 24 * 3_600_000;

/** Nothing that reads as something else: it is shown to who decides. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'must have no control characters');

/** What a program says of itself (RFC 7591, section 2); what else it says is of no use here. */
const clientMetadata = z.object({
  client_name: text(100).optional(),
  client_uri: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional(),
  redirect_uris: z
    .array(text(2_000).refine(isRedirectUri, 'must be https, http on loopback, or a scheme of an app'))
    .min(1)
    .max(20),
  grant_types: z.array(z.string()).max(10).optional(),
  token_endpoint_auth_method: z.string().optional(),
});

/** Programs that sign people in. */
export interface Clients {
  /** Dynamic registration (RFC 7591), for older clients: the answer's body. Throws ClientRefused. */
  register(body: unknown): Promise<Record<string, unknown>>;
  /**
   * The program by its id; one whose id is a URL is read from there (client-ID metadata document), at most once an hour.
   * Undefined for who never registered. Throws ClientRefused.
   */
  find(clientId: string): Promise<Client | undefined>;
  /** Whether an id is a URL that would have to be read now: that is work for somebody unknown. */
  needsReading(clientId: string): Promise<boolean>;
  tidy(): Promise<void>;
}

export interface ClientsDeps {
  db: Db;
  clock: Clock;
  log: Log;
  egress: Pick<Egress, 'fetch'>;
  /** Documents of http URLs are read, too. */
  development: boolean;
  server(): Promise<AuthServer>;
}

export function createClients({ db, clock, log, egress, development, server }: ClientsDeps): Clients {
  const reading = new Map<string, Promise<Client | undefined>>();
  const failed = new Map<string, { at: number; error: unknown }>();

  const keeps = (client: Client | undefined) => client && clock.now() - client.updatedAt < documentAgeMs;

  async function read(url: string, known: Client | undefined): Promise<Client | undefined> {
    const before = failed.get(url);
    if (before && clock.now() - before.at < failureMs) throw before.error;
    try {
      const metadata = parse(await documentAt(url));
      await (await server()).keepClient({ ...metadata, clientId: url });
      failed.delete(url);
      return await findClient(db, url);
    } catch (error) {
      log.info({ err: error, host: new URL(url).host }, 'the document of a program could not be read');
      if (known && clock.now() - known.updatedAt < staleDocumentMs) return known;
      const refusal = ClientRefused.is(error) ? error : ClientRefused({ reason: 'its document cannot be read' });
      if (failed.size > 1_000) failed.clear();
      failed.set(url, { at: clock.now(), error: refusal });
      throw refusal;
    }
  }

  async function documentAt(url: string): Promise<unknown> {
    // Guarded: the URL is a stranger's, and must not lead into our own network, by a redirect neither.
    const response = await egress.fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(fetchTimeoutMs),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw ClientRefused({ reason: `its document is answered with status ${response.status}` });
    }
    const document = parseJson((await readBounded(response, maxDocumentBytes)).toString('utf8'));
    if ((document as { client_id?: unknown } | null)?.client_id !== url)
      throw ClientRefused({ reason: 'its document names another client_id' });
    return document;
  }

  function parse(document: unknown) {
    const parsed = clientMetadata.safeParse(document);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw ClientRefused({ reason: `${issue?.path.join('.')} ${issue?.message}` });
    }
    const { client_name, client_uri, redirect_uris, grant_types, token_endpoint_auth_method } = parsed.data;
    const grants = ['authorization_code', 'refresh_token', deviceGrant].filter(
      (grant) => grant !== deviceGrant || grant_types?.includes(grant),
    );
    return {
      name: client_name,
      uri: client_uri,
      redirectUris: redirect_uris,
      grantTypes: grants,
      authMethod: token_endpoint_auth_method,
    };
  }

  async function keepCommandLine(): Promise<Client | undefined> {
    await (await server()).keepClient({
      clientId: commandLineClient,
      name: 'The command line of Fairlead',
      uri: undefined,
      redirectUris: ['http://127.0.0.1/callback'],
      grantTypes: [deviceGrant, 'refresh_token'],
    });
    return findClient(db, commandLineClient);
  }

  return {
    async register(body) {
      const metadata = parse(body);
      const clientId = `dyn_${randomToken(16)}`;
      await (await server()).keepClient({ ...metadata, clientId });
      return {
        client_id: clientId,
        client_id_issued_at: Math.floor(clock.now() / 1000),
        ...(metadata.name === undefined ? {} : { client_name: metadata.name }),
        ...(metadata.uri === undefined ? {} : { client_uri: metadata.uri }),
        redirect_uris: metadata.redirectUris,
        grant_types: metadata.grantTypes,
        response_types: ['code'],
        // A secret that every installation of a program gets by itself proves nothing: PKCE does.
        token_endpoint_auth_method: 'none',
      };
    },
    async find(clientId) {
      const known = await findClient(db, clientId);
      if (clientId === commandLineClient && !known) return keepCommandLine();
      if (!isDocumentUrl(clientId, development) || keeps(known)) return known;
      const running = reading.get(clientId) ?? read(clientId, known).finally(() => reading.delete(clientId));
      reading.set(clientId, running);
      return running;
    },
    needsReading: async (clientId) =>
      isDocumentUrl(clientId, development) && !keeps(await findClient(db, clientId)) && !failed.has(clientId),
    async tidy() {
      const count = await deleteIdleClients(db, clock.now() - idleMs);
      if (count > 0) log.info({ count }, 'programs that never signed anybody in are forgotten');
    },
  };
}

/** The id by which `fairlead login` is known to every server. */
export const commandLineClient = 'fairlead-cli';
export const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** An id that is the address of a document: https with a path, and nothing that could be read in two ways. */
export function isDocumentUrl(clientId: string, development: boolean): boolean {
  if (clientId.length > 2_000 || !URL.canParse(clientId)) return false;
  const url = new URL(clientId);
  if (url.protocol !== 'https:' && !(development && url.protocol === 'http:')) return false;
  return url.pathname !== '/' && url.hash === '' && url.username === '' && url.password === '' && url.href === clientId;
}

/** Schemes that a browser itself acts upon. */
const actedUpon =
  /^(javascript|data|vbscript|file|filesystem|blob|about|view-source|chrome|ftp|ws|wss|mailto|tel|sms|http):$/;

/** Where an answer may go: never in the clear over a network, never to something that runs as a page of ours. */
export function isRedirectUri(uri: string): boolean {
  if (!URL.canParse(uri) || uri.includes('#')) return false;
  const url = new URL(uri);
  if (url.username !== '' || url.password !== '') return false;
  if (url.protocol === 'https:') return true;
  if (url.protocol === 'http:') return ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return !actedUpon.test(url.protocol);
}
