import { existsSync } from "node:fs";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawn } from "node-pty";
import { WebSocket } from "ws";
import type { RunningStatus } from "../../site/server/control.ts";
import { statusOfRunning } from "../../site/server/control.ts";
import { opened, TerminalClient } from "../server/kit.ts";
import { type Figure, figure } from "./figures.ts";
import { type Bench, type Measured, type Part, pause, within } from "./part.ts";
import { slug, type Stage } from "./stage.ts";
import { measureEcho, measureMemory, measureThroughput, serve } from "./terminal.ts";

const bytes = 50e6;
const runs = 3;
