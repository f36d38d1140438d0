rule memorization_plan:
    output:
        "<results>/memorization/plan.csv",
    log:
        "<logs>/memorization/plan.log",
    localrule: True
    conda:
        CONDA
    params:
        settings=json.dumps(config["memorization"], sort_keys=True),
        code=digest("optprimer.memorization.commands:memorization_plan"),
    message:
        "Memorization: the table of runs"
    shell:
        "optprimer memorization-plan --settings {params.settings:q} --output {output:q} > {log:q} 2>&1"


rule memorize:
    input:
        data=DATA,
        plan=rules.memorization_plan.output,
    output:
        runs="<results>/memorization/{first}-{last}/runs.csv",
        curves="<results>/memorization/{first}-{last}/curves.csv",
        labels="<results>/memorization/{first}-{last}/labels.safetensors",
    log:
        "<logs>/memorization/{first}-{last}.log",
    benchmark:
        "<benchmarks>/memorize/{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(8000),
        runtime=minutes(60),
    params:
        data=subpath(input.data, parent=True),
        folder=subpath(output.runs, parent=True),
        state=f"{STATE}/memorization/{{first}}-{{last}}",
        sample=MEMORIZATION_FLAGS,
        machine=MACHINE_FLAGS,
        seed=config["seed"],
        code=digest("optprimer.memorization.commands:memorize"),
    message:
        "Memorization: runs {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer memorize --data {params.data:q} --plan {input.plan:q} --rows {wildcards.first} {wildcards.last}"
        " --output {params.folder:q} --state {params.state:q} {params.sample} {params.machine}"
        " --seed {params.seed} --threads {threads} > {log:q} 2>&1"


rule memorization_summary:
    input:
        "<results>/memorization/runs.csv",
    output:
        tabulated("memorization/summary", "Memorization over seeds", "memorization"),
    log:
        "<logs>/memorization/summary.log",
    localrule: True
    conda:
        CONDA
    params:
        code=digest("optprimer.memorization.commands:memorization_summary"),
    message:
        "Memorization: runs summarised over seeds"
    shell:
        "optprimer memorization-summary {input:q} --output {output:q} > {log:q} 2>&1"
