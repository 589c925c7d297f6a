/**
 * Why the vault did not give something: `away` may pass by itself, `refused` is a matter of rights, `absent` says that
 * there is nothing of the name, and `wrong` that what is there cannot be used.
 */
export type TroubleKind = 'away' | 'refused' | 'absent' | 'wrong';

/** The message is ours and names no address and no value: a vault's own words are told to nobody. */
export class VaultTrouble extends Error {
  override name = 'VaultTrouble';
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}

export function asTrouble(error: unknown): VaultTrouble {
  return error instanceof VaultTrouble ? error : new VaultTrouble('away', 'the vault cannot be asked', error);
}
