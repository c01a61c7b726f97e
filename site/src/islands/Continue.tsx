import { ArrowRight } from "lucide-preact";
import { $last, $progress } from "../stores/socket.ts";
import { useLive } from "./useLive.ts";

export interface LabCard {
  slug: string;
  number: string;
  title: string;
  minutes: number;
  points: number;
}

/** Where to go on: the lab left last, or the first one. */
export default function Continue({ labs }: { labs: LabCard[] }) {
  const last = useLive($last);
  const progress = useLive($progress);
  const unfinished = labs.find(({ slug, points }) => (progress[slug]?.earned ?? 0) < points);
  const left = labs.find(({ slug }) => slug === last);
  const leftDone = left && (progress[left.slug]?.earned ?? 0) >= left.points;
  const lab = left && !leftDone ? left : (unfinished ?? left ?? labs[0]);
  if (!lab) return null;
  const one = progress[lab.slug];
  const started = one && (one.visitedAt || one.earned > 0) ? one : undefined;
  const word = left === lab ? "Continue where you left" : started ? "Go on with" : left ? "Next" : "Start here";
  return (
    <a class="continue" href={`/labs/${lab.slug}/`}>
      <span class="continue-word">{word}</span>
      <span class="continue-title">
        <span class="lab-number">{lab.number}</span> {lab.title}
      </span>
      <span class="note">
        {started ? `${started.earned} of ${lab.points} points` : `about ${lab.minutes} minutes · ${lab.points} points`}
      </span>
      <ArrowRight size={20} aria-hidden="true" />
    </a>
  );
}
