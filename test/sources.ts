import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import {
  openSource,
  type Source,
  type SourceDeps,
  type SourceItem,
} from '../src/capabilities/knowledge/sources/index.ts';
import { knowledgeSource } from '../src/config/knowledge-schema.ts';
import { createEgress, type Resolve } from '../src/platform/http/index.ts';
import { createProcesses } from '../src/platform/process/index.ts';

const log = pino({ level: 'silent' });

/** A folder, real processes and a real way out; `end` takes all of it away. */
export interface World {
  folder: string;
  deps: SourceDeps;
  /** As settings stand in the file. */
  open(settings: Record<string, unknown>, deps?: Partial<SourceDeps>): Source;
  write(path: string, content?: string | Uint8Array): string;
  serve(listener: RequestListener): Promise<Served>;
  end(): Promise<void>;
}

export interface Served {
  port: number;
  /** With the name that the world's egress takes for a public one. */
  url: string;
  requests: IncomingMessage[];
}

export interface WorldOptions {
  /** As `egress.allow`. */
  allow?: string[];
  resolve?: Resolve;
  env?: Record<string, string>;
}

const loopback = async () => [{ address: '127.0.0.1', family: 4 }];

export function createWorld({ allow = ['*.example'], resolve = loopback, env = {} }: WorldOptions = {}): World {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-sources-'));
  const { PATH = '' } = process.env;
  const processes = createProcesses({ inherit: { PATH, HOME: folder, ...env }, log });
  const egress = createEgress({ allow, log, resolve });
  const closers: (() => Promise<void>)[] = [];
  const deps: SourceDeps = {
    baseDir: folder,
    dataDir: join(folder, '.data'),
    trusted: true,
    userAgent: 'fairlead/0.0.0',
    egress,
    processes,
  };
  return {
    folder,
    deps,
    open: (settings, more) => openSource(knowledgeSource.parse(settings), { ...deps, ...more }),
    write(path, content = `content of ${path}`) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    async serve(listener) {
      const requests: IncomingMessage[] = [];
      const server = createServer((request, response) => {
        requests.push(request);
        listener(request, response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closers.push(async () => {
        server.closeAllConnections();
        server.close();
        await once(server, 'close');
      });
      const { port } = server.address() as AddressInfo;
      return { port, url: `http://docs.example:${port}`, requests };
    },
    async end() {
      await processes.stop();
      await egress.stop();
      for (const close of closers) await close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface Scanned {
  items: SourceItem[];
  uris: string[];
  gone: string[];
  problems: Record<string, string>;
  skipped: Record<string, string>;
  cursor: string | undefined;
  whole: boolean;
  text(uri: string): Promise<string>;
}

export interface ScanInput {
  cursor?: string | undefined;
  signal?: AbortSignal;
  /** Called with each item before the next one is asked for. */
  each?(item: SourceItem): Promise<void> | void;
}

export async function scan(source: Source, { cursor, signal, each }: ScanInput = {}): Promise<Scanned> {
  const result: Scanned = {
    items: [],
    uris: [],
    gone: [],
    problems: {},
    skipped: {},
    cursor: undefined,
    whole: false,
    text: async (uri) => {
      const item = result.items.find((one) => one.uri === uri);
      if (!item) throw new Error(`no item ${uri} among ${result.uris.join(', ')}`);
      return Buffer.from(await item.read(new AbortController().signal)).toString('utf8');
    },
  };
  const items = source.scan({
    cursor,
    signal: signal ?? new AbortController().signal,
    problem: (uri, reason) => {
      result.problems[uri] = reason;
    },
    skipped: (uri, reason) => {
      result.skipped[uri] = reason;
    },
  });
  for (;;) {
    const { value, done } = await items.next();
    if (done) {
      result.cursor = value.cursor;
      result.whole = value.whole;
      result.uris.sort();
      return result;
    }
    if ('gone' in value) result.gone.push(value.gone);
    else {
      result.items.push(value);
      result.uris.push(value.uri);
      await each?.(value);
    }
  }
}
