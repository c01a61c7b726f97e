/** The sample application of the course: an inference service that can be made slow, sick, greedy and stuck. */
import { hostname } from "node:os";
import { createAdmin } from "./admin.ts";
import { createApp } from "./app.ts";
import { code, ownNamespace, writeInsideCode } from "./code.ts";
import { type Config, parseConfig, usage } from "./config.ts";
import { Cpu, setThreads } from "./cpu.ts";
import { Dependency } from "./dependency.ts";
import { Features } from "./features.ts";
import { Health } from "./health.ts";
import { listenOn } from "./http.ts";
import { createLog } from "./log.ts";
import { Memory } from "./memory.ts";
import { Metrics } from "./metrics.ts";
import { Model } from "./predict.ts";
import type { Service } from "./service.ts";
import { folderProblem, Settings, withFiles } from "./settings.ts";
import { onSignal } from "./shutdown.ts";
import { initialSwitches } from "./switches.ts";

/** Wires the parts. */
function assemble(config: Config): Service {
  const pod = hostname();
  const switches = initialSwitches(config);
  const cpu = new Cpu();
  setThreads(config.cpuThreads);
  if (config.cpuMs > 0) cpu.calibrate();
  const model = new Model({ config, switches, cpu });
  const settings = new Settings(process.env, config.live);
  const dependency = new Dependency(config, switches);
  return {
    config,
    settings,
    pod,
    log: createLog(() => settings.live.logLevel, { pod, version: config.version }),
    switches,
    metrics: new Metrics(config.version, config.modelName, model.slots),
    model,
    features: new Features(),
    dependency,
    health: new Health(config, switches, dependency),
    memory: new Memory(),
  };
}

async function serve(config: Config): Promise<void> {
  const service = assemble(config);
  const { log, health, memory } = service;
  const namespace = ownNamespace(process.env);
  const app = createApp(service);
  // Loaded only where it is used: it is a good part of the process's memory.
  const grpc = config.grpcListen && (await import("./grpc.ts"));
  const grpcServer = grpc?.createGrpc(health);
  const refuse = () => {
    app.close();
    grpcServer?.forceShutdown();
  };
  const admin = createAdmin({ service, namespace, refuse });
  const closeOthers = () => {
    admin.close();
    grpcServer?.forceShutdown();
  };
  onSignal({ service, app, closeOthers });

  const port = await listenOn(app, config.listen, "-listen");
  const adminPort = config.adminListen && (await listenOn(admin, config.adminListen, "ADMIN_LISTEN"));
  const grpcPort = grpcServer && (await grpc!.listenGrpc(grpcServer, config.grpcListen!, "GRPC_LISTEN"));
  writeInsideCode(namespace);
  service.settings.watch(log);
  log.info("listening", { port, admin_port: adminPort, grpc_port: grpcPort, model: config.modelName });

  memory.hold(config.memoryMb);
  setTimeout(() => {
    health.started();
    log.info("started", { startup_seconds: config.startupSeconds });
  }, config.startupSeconds * 1000);
}

function fail(message: string): never {
  // A line of the log like any other, so that whatever collects the logs can read it; written at once, for exit.
  createLog(
    () => "error",
    {},
    (line) => process.stderr.write(line),
  ).error(message);
  process.exit(1);
}

const [first, ...rest] = process.argv.slice(2);
if (first === "inside-code" && rest.length === 0) {
  process.stdout.write(`${code(ownNamespace(process.env), "inside")}\n`);
} else if (first === "-h" || first === "-help" || first === "--help") {
  process.stdout.write(`${usage}\n`);
} else {
  const folder = process.env.CONFIG_DIR?.trim();
  const unread = folder && folderProblem(folder);
  const { config, problems = [] } = parseConfig(process.argv.slice(2), withFiles(process.env));
  if (unread) problems.push(unread);
  if (!config || problems.length > 0) fail(`bad configuration: ${problems.join("; ")}`);
  serve(config).catch((error: Error) => fail(`could not start: ${error.message}`));
}
