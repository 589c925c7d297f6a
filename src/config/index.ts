export { isLoopbackHost, isWildcardHost, publicUrlFor } from './addresses.ts';
export { inheritedEnvironment, packageRoot, readEnvironment } from './environment.ts';
export { ConfigInvalid, configErrors, faultsOf } from './errors.ts';
export { type LoadedSettings, type LoadOptions, loadSettings } from './load.ts';
export { type Flags, type SettingOption, settingOptions } from './options.ts';
