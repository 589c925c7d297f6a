import { type Fault, schemaFaults } from './faults.ts';
import { type ServerSettings, serverSchema } from './schema.ts';

type ServerKey = keyof ServerSettings;

/** A setting that also stands outside the file. */
export interface SettingOption {
  /** Its key under `server:` in the file. */
  key: ServerKey;
  env: string;
  /** Without the dashes; secrets have none, since a command line shows in every process list. */
  flag?: string;
  kind: 'text' | 'number' | 'list';
  help: string;
}

export const settingOptions: readonly SettingOption[] = [
  { key: 'host', env: 'FAIRLEAD_HOST', flag: 'host', kind: 'text', help: 'address to listen on' },
  { key: 'port', env: 'FAIRLEAD_PORT', flag: 'port', kind: 'number', help: 'port to listen on; 0 takes a free one' },
  { key: 'publicUrl', env: 'FAIRLEAD_PUBLIC_URL', flag: 'public-url', kind: 'text', help: 'how clients reach it' },
  { key: 'dataDir', env: 'FAIRLEAD_DATA_DIR', flag: 'data-dir', kind: 'text', help: 'folder of database and secret' },
  { key: 'secret', env: 'FAIRLEAD_SECRET', kind: 'text', help: 'secret of 32 bytes or more' },
  {
    key: 'secretFile',
    env: 'FAIRLEAD_SECRET_FILE',
    flag: 'secret-file',
    kind: 'text',
    help: 'file that holds the secret',
  },
  {
    key: 'otherSecrets',
    env: 'FAIRLEAD_OTHER_SECRETS',
    kind: 'list',
    help: 'secrets before or after this one, with commas between, while it is changed',
  },
  {
    key: 'otherSecretsFile',
    env: 'FAIRLEAD_OTHER_SECRETS_FILE',
    flag: 'other-secrets-file',
    kind: 'text',
    help: 'file that holds such secrets, one a line',
  },
  { key: 'adminKey', env: 'FAIRLEAD_ADMIN_KEY', kind: 'text', help: 'admin API key of 32 characters or more' },
  {
    key: 'allowedHosts',
    env: 'FAIRLEAD_ALLOWED_HOSTS',
    flag: 'allowed-hosts',
    kind: 'list',
    help: 'Host headers that are answered, with commas between',
  },
  {
    key: 'allowedOrigins',
    env: 'FAIRLEAD_ALLOWED_ORIGINS',
    flag: 'allowed-origins',
    kind: 'list',
    help: 'origins of web pages that may call',
  },
  {
    key: 'trustedProxies',
    env: 'FAIRLEAD_TRUSTED_PROXIES',
    flag: 'trusted-proxies',
    kind: 'list',
    help: 'addresses or CIDR ranges whose X-Forwarded-For is believed',
  },
  { key: 'databaseUrl', env: 'DATABASE_URL', flag: 'database-url', kind: 'text', help: 'Postgres, without a password' },
  { key: 'redisUrl', env: 'REDIS_URL', flag: 'redis-url', kind: 'text', help: 'Redis, without a password' },
  { key: 'logLevel', env: 'FAIRLEAD_LOG_LEVEL', flag: 'log-level', kind: 'text', help: 'trace to error, or silent' },
  {
    key: 'otlpEndpoint',
    env: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    flag: 'otlp-endpoint',
    kind: 'text',
    help: 'OTLP/HTTP receiver of traces',
  },
];

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** A flag's value by its name with dashes, or in camel case as command-line libraries hand it over. */
export function flagValue(flags: Flags, name: string): string | boolean | undefined {
  return flags[name] ?? flags[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())];
}

/** What was given outside the file. */
export interface Given {
  values: ServerSettings;
  faults: Fault[];
  /** Keys that were given and are not among the values, since they have a fault. */
  faulty: Set<ServerKey>;
}

/** Settings that the environment gives. An empty variable counts as not set. */
export function fromEnvironment(env: NodeJS.ProcessEnv): Given {
  return read((option) => ({ raw: env[option.env] || undefined, name: option.env }));
}

/** Settings that the command line gives. */
export function fromFlags(flags: Flags): Given {
  const result = read(({ flag }) => (flag ? { raw: flagValue(flags, flag), name: `--${flag}` } : undefined));
  for (const key of ['databaseUrl', 'redisUrl'] as const) {
    const url = result.values[key];
    if (url === undefined || !URL.canParse(url) || new URL(url).password === '') continue;
    const option = settingOptions.find((each) => each.key === key);
    result.faults.push({
      path: [`--${option?.flag}`],
      text: `must not hold a password, since command lines show in process lists; use ${option?.env}`,
    });
  }
  return result;
}

function read(look: (option: SettingOption) => { raw: string | boolean | undefined; name: string } | undefined): Given {
  const values: Record<string, unknown> = {};
  const faults: Fault[] = [];
  const faulty = new Set<ServerKey>();
  for (const option of settingOptions) {
    const { raw, name } = look(option) ?? {};
    if (raw === undefined || name === undefined) continue;
    if (typeof raw !== 'string') {
      faults.push({ path: [name], text: 'needs a value' });
      faulty.add(option.key);
      continue;
    }
    const value = convert(raw, option.kind);
    const schema = serverSchema.shape[option.key];
    const parsed = schema.safeParse(value);
    if (parsed.success) values[option.key] = parsed.data;
    else {
      faults.push(...schemaFaults(schema, parsed.error.issues, value, [name]));
      faulty.add(option.key);
    }
  }
  return { values: serverSchema.parse(values), faults, faulty };
}

function convert(raw: string, kind: SettingOption['kind']): unknown {
  if (kind === 'list') return raw.split(/[\s,]+/).filter((part) => part !== '');
  if (kind === 'number') return asNumber(raw) ?? raw;
  return raw;
}

/** The number that a whole text says, in plain decimal notation. */
export function asNumber(text: string): number | undefined {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}
