import type { LocalWorld } from './local.ts';
import type { Found, Reference } from './reference.ts';
import type { VaultAddress } from './vault/client.ts';
import type { VaultAuth } from './vault/session.ts';

/** Which vault is asked, and how: `secrets.vault` of the settings. */
export interface VaultWorld extends VaultAddress {
  mount: string;
  auth: VaultAuth;
  /** Absolute. */
  caFile?: string | undefined;
  refreshEveryMs: number;
  staleForMs: number;
}

export interface SecretsWorld extends LocalWorld {
  /** `as before` goes on with what is open already. */
  vault?: VaultWorld | 'as before' | undefined;
}

/** A reference, and where it stands, for people. */
export interface Standing extends Reference {
  /** `upstreams.crm.headers.Authorization`. */
  place: string;
  /** Organisation whose upstream it belongs to; undefined for what belongs to the server as a whole. */
  org?: string;
}

/** How a reference is; never with its value. */
export interface ReferenceState extends Standing {
  state: 'resolves' | 'stale' | 'missing';
  reason?: string;
  /** Of the secret in KV 2. */
  version?: number;
  /** When the vault last gave it, in milliseconds since the epoch. */
  seenAt?: number;
  /** When its lease ends unless it is prolonged, in milliseconds since the epoch. */
  leaseUntil?: number;
}

export interface SecretsHealth {
  /** Whether the last request to the vault worked; undefined where none was made. */
  up: boolean | undefined;
  resolving: number;
  /** In use, although the vault does not give them now. */
  stale: number;
  missing: number;
  /** What is wrong, for whoever runs this. */
  warnings: string[];
}

/** The one port to what stands behind references. A value is given to whoever looks it up, and told to nobody. */
export interface Secrets {
  /** From now on references are looked up here. Throws where the file with the authority cannot be read. */
  open(world: SecretsWorld): void;
  /** Asks the vault for what is not known yet, by the names after `vault:`. Failing leaves a fault to be looked up. */
  fetch(names: readonly string[]): Promise<void>;
  /** What a reference stands for, as known now. */
  lookUp(reference: Reference): Found;
  /** What a holder has in use from now on; what nobody has is not looked after any more. */
  keep(holder: string, standing: readonly Standing[]): void;
  /** How references are, whoever has them. */
  states(standing: readonly Standing[]): ReferenceState[];
  /** How every reference in use is, in the order in which they stand, with who holds it. */
  list(): (ReferenceState & { holder: string })[];
  health(): SecretsHealth;
  /** Told when a value in use has changed, has come or does not count any more. */
  onChange(listener: () => void): () => void;
  /** Values that came from the vault, to be kept out of texts. */
  values(): string[];
  /** Begins to look after what is in use. */
  start(): void;
  /** Ends what was leased here. Idempotent. */
  stop(): Promise<void>;
}
