/** The settings can not work; the message names the variable or file at fault and what to do. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
