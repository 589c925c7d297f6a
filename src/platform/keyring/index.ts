export { createKeyring, type KeyPurpose, type Keyring } from './keyring.ts';
export { keyringMigrations } from './migrations.ts';
export {
  createRotation,
  type Holding,
  type Renewal,
  type Renewed,
  type Rotation,
  type RotationStatus,
} from './rotation.ts';
