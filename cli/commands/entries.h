#pragma once

#include <span>

#include "cli/command.h"

/// What each commands/x.cpp gives to the table: its flags and what it does.
namespace furrow::cli {

std::span<const Flag> up_flags();
Result<ExitCode> run_up(const Arguments& arguments, Console& console);

std::span<const Flag> submit_flags();
Result<ExitCode> run_submit(const Arguments& arguments, Console& console);

std::span<const Flag> status_flags();
Result<ExitCode> run_status(const Arguments& arguments, Console& console);

std::span<const Flag> job_list_flags();
Result<ExitCode> run_job_list(const Arguments& arguments, Console& console);
std::span<const Flag> job_show_flags();
Result<ExitCode> run_job_show(const Arguments& arguments, Console& console);
std::span<const Flag> job_watch_flags();
Result<ExitCode> run_job_watch(const Arguments& arguments, Console& console);
std::span<const Flag> job_wait_flags();
Result<ExitCode> run_job_wait(const Arguments& arguments, Console& console);
std::span<const Flag> job_change_flags();
Result<ExitCode> run_job_cancel(const Arguments& arguments, Console& console);
Result<ExitCode> run_job_retry(const Arguments& arguments, Console& console);
std::span<const Flag> job_fetch_flags();
Result<ExitCode> run_job_fetch(const Arguments& arguments, Console& console);

std::span<const Flag> cell_list_flags();
Result<ExitCode> run_cell_list(const Arguments& arguments, Console& console);
std::span<const Flag> cell_show_flags();
Result<ExitCode> run_cell_show(const Arguments& arguments, Console& console);

std::span<const Flag> grid_sheet_flags();
Result<ExitCode> run_grid_sheet(const Arguments& arguments, Console& console);

std::span<const Flag> worker_list_flags();
Result<ExitCode> run_worker_list(const Arguments& arguments, Console& console);
std::span<const Flag> model_list_flags();
Result<ExitCode> run_model_list(const Arguments& arguments, Console& console);
std::span<const Flag> model_show_flags();
Result<ExitCode> run_model_show(const Arguments& arguments, Console& console);
std::span<const Flag> model_hash_flags();
Result<ExitCode> run_model_hash(const Arguments& arguments, Console& console);

std::span<const Flag> prompt_explain_flags();
Result<ExitCode> run_prompt_explain(const Arguments& arguments, Console& console);

std::span<const Flag> png_info_flags();
Result<ExitCode> run_png_info(const Arguments& arguments, Console& console);
std::span<const Flag> doctor_flags();
Result<ExitCode> run_doctor(const Arguments& arguments, Console& console);
std::span<const Flag> version_flags();
Result<ExitCode> run_version(const Arguments& arguments, Console& console);

Result<ExitCode> run_completion(const Arguments& arguments, Console& console);
Result<ExitCode> run_complete(const Arguments& arguments, Console& console);
Result<ExitCode> run_help(const Arguments& arguments, Console& console);

}  // namespace furrow::cli
