// What runs inside a function's process: Lambda's Node runtime, as far as a bundle can tell.
// Plain JavaScript, so that the process starts without a loader.
// Source: Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
import { subscribe } from 'node:diagnostics_channel';
import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Milliseconds by which the function takes it to be later than this machine does. */
let clockShift = 0;
shiftDates();

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new Agent({ keepAlive: true, noDelay: true, maxSockets: 2 });
let current;
/** Answers of AWS until this process is to die; Infinity, as a rule. */
let callsLeft = Infinity;

// Tells of each answer of node:http; those of the runtime API are no calls of the function's.
subscribe('http.client.response.finish', ({ request: { agent: sender } }) => {
  if (sender !== agent) callsLeft -= 1;
  if (callsLeft <= 0) die();
});

process.on('uncaughtException', (error) => crash(error, 129));
process.on('unhandledRejection', (error) => {
  const unhandled = new Error(String(error?.message ?? error));
  unhandled.name = 'Runtime.UnhandledPromiseRejection';
  unhandled.stack = error?.stack ?? unhandled.stack;
  return crash(unhandled, 128);
});

const handler = await loadHandler().catch(async (error) => {
  await call('POST', 'runtime/init/error', JSON.stringify(describe(error)));
  process.exit(1);
});
for (;;) await serve(await call('GET', 'runtime/invocation/next'));

async function loadHandler() {
  const [, module, name] = /^(.*)\.([^.]+)$/.exec(process.env._HANDLER);
  const file = ['.mjs', '.js', '.cjs']
    .map((extension) => join(process.env.LAMBDA_TASK_ROOT, module + extension))
    .find((candidate) => existsSync(candidate));
  if (!file) throw named('Runtime.ImportModuleError', `Error: Cannot find module '${module}'`);
  const loaded = await import(pathToFileURL(file).href);
  const found = loaded[name] ?? loaded.default?.[name];
  if (typeof found !== 'function')
    throw named('Runtime.HandlerNotFound', `${process.env._HANDLER} is undefined or not exported`);
  if (found.length > 2)
    throw named('Runtime.CallbackHandlerDeprecated', 'the handler must not take a callback');
  return found;
}

async function serve({ headers, body }) {
  const id = headers['lambda-runtime-aws-request-id'];
  current = id;
  clockShift = Number(headers['rehearsal-clock-shift-ms']);
  callsLeft = Number(headers['rehearsal-crash-after-calls'] ?? Infinity);
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    if (callsLeft < Infinity) die();
    await call('POST', `runtime/invocation/${id}/response`, JSON.stringify(result) ?? 'null');
  } catch (error) {
    console.error(error);
    await call('POST', `runtime/invocation/${id}/error`, JSON.stringify(describe(error)));
  }
  current = undefined;
}

function contextOf(headers) {
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: error.stack?.split('\n') ?? [] };
}

function named(name, message) {
  return Object.assign(new Error(message), { name });
}

/** Date tells the rehearsal's time; performance.now and timers stay this machine's. */
function shiftDates() {
  const System = Date;
  const now = () => System.now() + clockShift;
  globalThis.Date = new Proxy(System, {
    apply: () => new System(now()).toString(),
    construct: (_, given, shifted) => Reflect.construct(System, given.length > 0 ? given : [now()], shifted),
    get: (_, name) => (name === 'now' ? now : System[name]),
  });
  System.prototype.constructor = globalThis.Date;
}

/** As a machine that is taken away: nothing more is said, and the answer just received goes with it. */
function die() {
  process.kill(process.pid, 'SIGKILL');
  for (;;); // the signal may take a moment
}

async function crash(error, code) {
  console.error(error);
  if (current) await call('POST', `runtime/invocation/${current}/error`, JSON.stringify(describe(error)));
  process.exit(code);
}

/** Without its runtime API the process has no reason to live: the rehearsal is gone. */
function call(method, path, body) {
  return new Promise((resolve) => {
    const headers =
      body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request({ host, port, agent, method, path: `/2018-06-01/${path}`, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
      response.on('error', () => process.exit(0));
    });
    sent.on('error', () => process.exit(0));
    sent.end(body);
  });
}
