import { phaseNames } from '../../../../contracts/phase-name.ts';
import { AwsError } from '../../../aws/service.ts';
import { person } from '../../../aws/wire-credentials.ts';
import type { FaultableCall } from '../../../aws/wire.ts';
import type { FunctionFault } from '../../../lambda/function-fault.ts';
import { goesOn } from '../endings.ts';
import type { Fault } from '../fault.ts';
import { functionPlaces, isPhase, somePhases, type Place } from '../place.ts';
import { phaseOfCommand, type Scene } from '../scene.ts';

const everywhere: readonly Place[] = [...functionPlaces, ...phaseNames];
/** Whether this is the invocation of the place: of its own Lambda, or of the one that sends its phase. */
function isOfPlace({ place }: Scene, handler: string, payload: string): boolean {
  if (!isPhase(place)) return handler === place;
  return handler === 'run-phase' && (JSON.parse(payload) as { phase: string }).phase === place;
}

/** So many times, the place's invocation meets this. */
const invocationMeets =
  (times: number, fault: (scene: Scene) => FunctionFault, isMine = isOfPlace) =>
  (scene: Scene): void => {
    let left = times;
    scene.ground.levers.functionFault = (handler, payload) => {
      if (left === 0 || !isMine(scene, handler, payload)) return undefined;
      left -= 1;
      scene.struckAt ??= Date.now();
      return fault(scene);
    };
  };

/** Those of the Lambda that an event of the phase's command wakes. */
function isJudging({ ground, place }: Scene, handler: string, payload: string): boolean {
  if (handler !== 'judge-phase') return false;
  const { detail } = JSON.parse(payload) as { detail: Record<string, unknown> };
  return phaseOfCommand(ground, detail['command-id']) === place;
}

/** From the place's invocation on, so many of the calls that Lambdas make of AWS meet this. */
const callsMeet =
  (times: number, isMine: (call: FaultableCall, place: Place) => boolean, fault: AwsError | 'answer-lost') =>
  (scene: Scene): void => {
    let left = times;
    const { levers } = scene.ground;
    levers.functionFault = (handler, payload) => {
      if (isOfPlace(scene, handler, payload)) scene.struckAt ??= Date.now();
      return undefined;
    };
    levers.callFault = (call) => {
      if (!scene.struckAt || left === 0 || call.principal === person || !isMine(call, scene.place))
        return undefined;
      left -= 1;
      return fault;
    };
  };

/** The SDK tries six times (lib/handler-function.ts): by then it is the graph that has to try again. */
const throttledCalls = 7;
const throttled = new AwsError(
  'ProvisionedThroughputExceededException',
  'The level of configured provisioned throughput was exceeded.',
  400,
);

const isWrite = ({ service, action }: FaultableCall, place: Place) =>
  isPhase(place) ? action === 'SendCommand' : service === 'dynamodb' && /^(Put|Update)Item$/.test(action);

const anyCrash = ({ random }: Scene): FunctionFault => ({ crashAfterCalls: 1 + Math.floor(random() * 3) });

export const awsFaults = {
  'lambda-crash': {
    says: 'the Lambda that does it, or sends it, crashes',
    places: everywhere,
    promise: goesOn,
    arm: invocationMeets(1, anyCrash),
  },
  'lambda-throttle': {
    says: 'the Lambda that does it, or sends it, is throttled three times',
    places: everywhere,
    promise: goesOn,
    arm: invocationMeets(3, () => 'throttle'),
  },
  'judge-crash': {
    says: 'the Lambda that judges it crashes',
    places: somePhases,
    promise: goesOn,
    arm: invocationMeets(1, anyCrash, isJudging),
  },
  'judge-throttle': {
    says: 'the Lambda that judges it is throttled three times',
    places: ['inspect', 'bake', 'revert'],
    promise: goesOn,
    arm: invocationMeets(3, () => 'throttle', isJudging),
  },
  'ledger-throttled': {
    says: 'the ledger is throttled',
    places: everywhere,
    promise: goesOn,
    arm: callsMeet(throttledCalls, ({ service }) => service === 'dynamodb', throttled),
  },
  'answer-lost': {
    says: "the answer of an AWS call is lost: SendCommand's, or a write's to the ledger",
    places: [...functionPlaces, ...somePhases],
    promise: goesOn,
    arm: callsMeet(1, isWrite, 'answer-lost'),
  },
  'lambda-clock-back': {
    says: "a Lambda's clock is an hour back",
    places: [...functionPlaces, 'start-candidate'],
    promise: goesOn,
    arm(scene) {
      const handler = isPhase(scene.place) ? 'run-phase' : scene.place;
      scene.struckAt = Date.now();
      scene.ground.levers.clockOffset = (asked) => (asked === handler ? -3_600_000 : 0);
    },
  },
} satisfies Record<string, Fault>;
