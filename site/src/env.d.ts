/// <reference types="astro/client" />

declare namespace App {
  /** What a lab page hands to the components inside its lesson. */
  interface Locals {
    lab: import("./course/labs.ts").CourseLab;
  }
}
