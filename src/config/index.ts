export { isLoopbackHost, publicUrlFor } from './addresses.ts';
export { type CommandLineSettings, commandLineSettings } from './command-line.ts';
export { diffSettings, type SettingsDiff } from './diff.ts';
export { inheritedEnvironment, packageRoot, readEnvironment } from './environment.ts';
export { configErrors, configInvalid, faultsOf } from './errors.ts';
export { settingsJsonSchema } from './jsonschema.ts';
export { type LoadedSettings, type LoadOptions, loadSettings } from './load.ts';
export { type Flags, type SettingOption, settingOptions } from './options.ts';
export { type SettingsWatch, type WatchOptions, watchSettings } from './watch.ts';
