/** The version of log events: a queue may hold events that an older Worker wrote. */
export const EVENT_VERSION = 1;
