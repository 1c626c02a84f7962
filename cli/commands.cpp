#include "cli/commands.h"

#include <vector>

#include "cli/commands/entries.h"
#include "cli/commands/flags.h"

namespace furrow::cli {

namespace {

constexpr Operand kOptionalJob = {"J", ValueKind::Job, 0, 1};
constexpr Operand kJobAndCell = {"J CELL", ValueKind::Job, 2, 2};
constexpr Operand kPrompt = {"TEXT", ValueKind::Text, 1, 1};
constexpr Operand kModel = {"NAME|FILE", ValueKind::File, 1, 1};
constexpr Operand kFiles = {"FILE", ValueKind::File, 1, kAnyNumber};
constexpr Operand kShell = {"bash|zsh|fish", ValueKind::Shell, 1, 1};
constexpr Operand kWords = {"COMMAND", ValueKind::Text, 0, 2};

constexpr std::string_view kSubmitNotes =
    "Axes vary one parameter each; their product is the grid. -x runs across the sheet, -y down, "
    "-z\n"
    "over sub-grids, --axis stacks below. Values as in A1111: a list \"20, 30\", a range \"1-9 "
    "(+2)\"\n"
    "or a count \"1-4 [3]\"; Prompt S/R searches its first value. Flags win over --spec.\n\n"
    "example: furrow submit --prompt \"a cat face\" --steps 20 --size 128x128 --seed 1 \\\n"
    "           -x 'Prompt S/R: cat face, dog face, rocket' -y 'CFG scale: 1-9 (+2)' \\\n"
    "           -z 'Seed: 1-4' --name first --wait --sheet grid.png";

constexpr std::string_view kPromptNotes =
    "(text:1.3) and [text] weigh, BREAK ends a chunk, [from:to:10] and [from:to:0.5] switch, "
    "[a|b]\n"
    "alternates, AND composes, {a|2::b} and __list__ choose, # and /* */ comment; \\ takes the "
    "next\n"
    "character as it is.\n\n"
    "example: furrow prompt explain \"a (cat:1.3) [on:under:0.5] a {red|blue} table\" --seed 7";

constexpr std::string_view kCompletionNotes =
    "bash: furrow completion bash > ~/.local/share/bash-completion/completions/furrow\n"
    "zsh:  furrow completion zsh > a folder of $fpath, named _furrow\n"
    "fish: furrow completion fish > ~/.config/fish/completions/furrow.fish";

}  // namespace

std::span<const Command> command_table() {
  static const std::vector<Command> table = {
      {"up", "run a coordinator and a worker on this machine", kNoOperand, up_flags(), run_up, ""},
      {"submit", "queue a sweep", kNoOperand, submit_flags(), run_submit, kSubmitNotes},
      {"status", "the farm on one screen, or one job", kOptionalJob, status_flags(), run_status,
       ""},
      {"job list", "jobs, newest first", kNoOperand, job_list_flags(), run_job_list, ""},
      {"job show", "all about a job", kJobOperand, job_show_flags(), run_job_show, ""},
      {"job watch", "follow a job until it is over", kJobOperand, job_watch_flags(), run_job_watch,
       ""},
      {"job wait", "wait quietly until a job is over", kJobOperand, job_wait_flags(), run_job_wait,
       "Exit code: 0 done, 8 failed, 9 cancelled, 10 infeasible."},
      {"job cancel", "stop a job; what is rendered stays", kJobOperand, job_change_flags(),
       run_job_cancel, ""},
      {"job retry", "queue a job's failed and cancelled cells again", kJobOperand,
       job_change_flags(), run_job_retry, ""},
      {"job fetch", "download a job's pictures", kJobOperand, job_fetch_flags(), run_job_fetch, ""},
      {"cell list", "the cells of a job", kJobOperand, cell_list_flags(), run_cell_list, ""},
      {"cell show", "all about one cell, by its index", kJobAndCell, cell_show_flags(),
       run_cell_show, ""},
      {"grid sheet", "draw a job's pictures as one labelled sheet", kJobOperand, grid_sheet_flags(),
       run_grid_sheet, ""},
      {"worker list", "workers and their devices", kNoOperand, worker_list_flags(), run_worker_list,
       ""},
      {"model list", "models on this machine, and which workers have them", kNoOperand,
       model_list_flags(), run_model_list, ""},
      {"model show", "all about a model, a LoRA or another file of weights", kModel,
       model_show_flags(), run_model_show, ""},
      {"model hash", "AutoV2 and SHA-256 of files; of LoRAs A1111's hash", kFiles,
       model_hash_flags(), run_model_hash, ""},
      {"prompt explain", "what a prompt comes to: chunks, weights, schedule, choices", kPrompt,
       prompt_explain_flags(), run_prompt_explain, kPromptNotes},
      {"png-info", "what a picture says it was made from", kFiles, png_info_flags(), run_png_info,
       ""},
      {"doctor", "check layer by layer why something does not work", kNoOperand, doctor_flags(),
       run_doctor, ""},
      {"version", "the version of this program", kNoOperand, version_flags(), run_version, ""},
      {"completion",
       "print a shell's completion script",
       kShell,
       {},
       run_completion,
       kCompletionNotes},
      {"help", "this, or the page of a command", kWords, {}, run_help, ""},
  };
  return table;
}

}  // namespace furrow::cli
