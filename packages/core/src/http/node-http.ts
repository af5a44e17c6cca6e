/**
 * Node's HTTP/1.1, asked for without `import`: that reads every member a module has, and three of this one (WebSocket, CloseEvent,
 * MessageEvent) load the client that Node has inside, some 5 MiB that nobody here uses.
 */
export const { createServer, IncomingMessage, ServerResponse, STATUS_CODES } = process.getBuiltinModule('node:http');
