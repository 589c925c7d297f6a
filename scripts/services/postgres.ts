import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { debianMirror, isRoot, programOf } from './debian.ts';
import { dockerFault, startContainer } from './docker.ts';
import { diesWithUs, freePort, NotToBeHad, run, type Service, startProgram, which } from './service.ts';

const prefix = 'fairlead-pg-';
const image = 'pgvector/pgvector:pg17';
const binaries = '/usr/lib/postgresql/17/bin';
const vectorControl = '/usr/share/postgresql/17/extension/vector.control';

// The data lives as long as one run: what is lost with the machine's power is of no interest.
const settings = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'on',
  max_connections: '200',
  dynamic_shared_memory_type: 'mmap', // a tree of its own has no /dev/shm
};

/** Postgres 17 with pgvector: from Docker, from this system, or from a Debian 13 tree in the cache. */
export async function startPostgres(): Promise<Service> {
  const password = randomBytes(12).toString('hex');
  const noDocker = await dockerFault();
  if (noDocker === undefined) {
    try {
      return await startContainer({
        name: 'Postgres 17',
        image,
        port: 5432,
        env: { POSTGRES_PASSWORD: password, POSTGRES_USER: 'fairlead', POSTGRES_DB: 'fairlead' },
        args: flags(settings),
        urlOf: (address) => `postgres://fairlead:${password}@${address}/fairlead`,
        answers,
      });
    } catch (error) {
      console.log(`Postgres from Docker: ${(error as Error).message}`);
    }
  } else console.log(`Postgres from Docker: ${noDocker}`);

  if (existsSync(`${binaries}/postgres`) && existsSync(vectorControl)) {
    return await startCluster({ name: 'Postgres 17 (installed)', password, tree: '', owner: ownUser() });
  }
  const tree = await debianTree();
  return await startCluster({ name: 'Postgres 17 (Debian 13 tree)', password, tree, owner: 'postgres' });
}

/** A Debian 13 tree with Postgres 17 and pgvector, made once: it takes two minutes and 0.7 GB. */
async function debianTree(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fairlead');
  const tree = join(cache, 'pg17');
  const isThere = () => existsSync(join(tree, binaries, 'postgres')) && existsSync(join(tree, vectorControl));
  if (process.platform !== 'linux') throw new NotToBeHad('without Docker, Postgres 17 is only brought along on Debian');
  if (!isRoot()) throw new NotToBeHad('without Docker, only root can make and enter the Debian tree');
  if (isThere()) return tree;
  const debootstrap = await programOf('debootstrap', 'debootstrap');
  mkdirSync(cache, { recursive: true });
  console.log(`Making a Debian 13 tree with Postgres 17 in ${tree}; this takes about two minutes, once...`);
  // One maker at a time; who waited finds the tree made. The rename makes a half-made one never look whole.
  const script = `set -e
    [ -e "$1$4/postgres" ] && exit 0
    rm -rf "$1" "$1.partial"
    "$2" --variant=minbase --include=postgresql-17-pgvector trixie "$1.partial" "$3"
    rm -rf "$1.partial/var/cache/apt" "$1.partial/var/lib/apt/lists"
    mv "$1.partial" "$1"`;
  try {
    const parts = [tree, debootstrap, debianMirror(), binaries];
    await run('flock', [`${tree}.lock`, 'sh', '-c', script, 'sh', ...parts], { limitMs: 600_000 });
  } catch (error) {
    throw new NotToBeHad(`the Debian tree cannot be made: ${(error as Error).message}`);
  }
  if (!isThere())
    throw new NotToBeHad(`the Debian tree in ${tree} has no Postgres 17 with pgvector; remove it to try again`);
  return tree;
}

interface Cluster {
  name: string;
  password: string;
  /** Root of the tree that Postgres runs in; empty for this system's own. */
  tree: string;
  /** User of that tree to run as, since Postgres refuses root; undefined for whoever we are. */
  owner: string | undefined;
}

async function startCluster({ name, password, tree, owner }: Cluster): Promise<Service> {
  const folder = tree === '' ? tmpdir() : join(tree, 'tmp');
  sweep(folder);
  const base = mkdtempSync(join(folder, prefix));
  try {
    const inside = base.slice(tree.length);
    const passwordFile = join(base, 'password');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (owner !== undefined) {
      const { uid, gid } = idsOf(owner, tree);
      for (const path of [base, passwordFile]) chownSync(path, uid, gid);
    }
    const data = `${inside}/data`;
    const init = ['-D', data, '-U', 'fairlead', '--auth=scram-sha-256', `--pwfile=${inside}/password`];
    const cluster = enter(tree, owner, `${binaries}/initdb`, [...init, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']);
    await run(cluster.command, cluster.args, { limitMs: 60_000 });

    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      const url = `postgres://fairlead:${password}@127.0.0.1:${port}/postgres`;
      const args = ['-D', data, ...flags({ ...settings, listen_addresses: '127.0.0.1', port: String(port) })];
      try {
        const { stop, pause } = await startProgram({
          ...enter(tree, owner, `${binaries}/postgres`, [...args, '-k', '']),
          answers: () => answers(url),
          stopSignal: 'SIGINT', // ends sessions instead of waiting for them
        });
        return {
          name,
          url,
          pause,
          stop: async () => {
            await stop();
            rmSync(base, { recursive: true, force: true });
          },
        };
      } catch (error) {
        if (attempt === 3) throw error; // another program may have taken the port: twice is bad luck, thrice is not
      }
    }
  } catch (error) {
    rmSync(base, { recursive: true, force: true });
    throw error;
  }
}

/** Removes what runs that were killed left behind: Postgres itself ends with us, its files do not. */
function sweep(folder: string): void {
  for (const path of readdirSync(folder).map((name) => join(folder, name))) {
    if (!path.includes(prefix)) continue;
    const anHourOld = Date.now() - statSync(path).mtimeMs > 3_600_000;
    if (anHourOld && !existsSync(join(path, 'data', 'postmaster.pid'))) rmSync(path, { recursive: true, force: true });
  }
}

/** A command as that user inside that tree; it is interrupted when we are gone, kill -9 included. */
function enter(tree: string, owner: string | undefined, command: string, args: readonly string[]) {
  if (owner === undefined) return diesWithUs(command, args, 'INT');
  // Last before the command, since a change of user clears the wish to die with the parent.
  const drop = ['setpriv', `--reuid=${owner}`, `--regid=${owner}`, '--init-groups', '--pdeathsig', 'INT'];
  const [first = '', ...rest] = [
    ...(tree === '' ? [] : [which('chroot') ?? 'chroot', tree]),
    ...drop,
    command,
    ...args,
  ];
  return { command: first, args: rest };
}

function ownUser(): string | undefined {
  return isRoot() ? 'postgres' : undefined;
}

function idsOf(user: string, tree: string): { uid: number; gid: number } {
  const line = readFileSync(`${tree}/etc/passwd`, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new NotToBeHad(`there is no user ${user}`);
  return { uid: Number(uid), gid: Number(gid) };
}

function flags(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
