export { keyringErrors } from './errors.ts';
export { admitSecret, type Fit, fitOf, forgetSecrets } from './fit.ts';
export { createKeyring, type KeyPurpose, type Keyring } from './keyring.ts';
export { keyringMigrations } from './migrations.ts';
export { createRotation, type Rotation } from './rotation.ts';
export type { Holding, Renewal, Renewed, RotationStatus } from './types.ts';
