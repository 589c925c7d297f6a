export { isLoopbackHost, isWebAddress } from './addresses.ts';
export { withPort } from './assemble.ts';
export { isBuiltIn } from './checks.ts';
export { type CommandLineSettings, commandLineSettings } from './command-line.ts';
export { diffSettings, type SettingsDiff } from './diff.ts';
export { inheritedEnvironment, packageRoot, readEnvironment } from './environment.ts';
export { configErrors, configInvalid, faultsOf } from './errors.ts';
export { settingsJsonSchema } from './jsonschema.ts';
export {
  checkReferences,
  type LoadedSettings,
  type LoadOptions,
  loadSettings,
  nameDataDir,
  nameRegistry,
} from './load.ts';
export { type Flags, type SettingOption, settingOptions } from './options.ts';
export { namePolicies } from './policy-settings.ts';
export { type SettingsWatch, type WatchOptions, watchSettings } from './watch.ts';
