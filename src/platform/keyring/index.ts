export { createKeyring, type KeyPurpose, type Keyring } from './keyring.ts';
