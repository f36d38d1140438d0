rule batch_plan:
    output:
        "<results>/batch/plan.csv",
    log:
        "<logs>/batch/plan.log",
    localrule: True
    conda:
        CONDA
    params:
        settings=json.dumps(config["batch"], sort_keys=True),
        code=digest("optprimer.batch.commands:batch_plan"),
    message:
        "GD and SGD: the table of runs"
    shell:
        "optprimer batch-plan --settings {params.settings:q} --output {output:q} > {log:q} 2>&1"


rule batch_search:
    input:
        data=DATA,
        plan=rules.batch_plan.output,
    output:
        "<results>/batch/search/{first}-{last}/search.csv",
    log:
        "<logs>/batch/search/{first}-{last}.log",
    benchmark:
        "<benchmarks>/batch_search/{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        data=subpath(input.data, parent=True),
        state=f"{STATE}/batch/search/{{first}}-{{last}}",
        sample=f"{BATCH_FLAGS} --validation-images {config['batch']['validation_images']}",
        device=config["device"],
        seed=config["seed"],
        code=digest("optprimer.batch.commands:batch_search"),
    message:
        "GD and SGD: learning rates, runs {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer batch-search --data {params.data:q} --plan {input.plan:q} --rows {wildcards.first} {wildcards.last}"
        " --output {output:q} --state {params.state:q} {params.sample} --device {params.device}"
        " --seed {params.seed} --threads {threads} > {log:q} 2>&1"


rule batch_train:
    input:
        data=DATA,
        plan=rules.batch_plan.output,
        search="<results>/batch/search.csv" if BATCH_JOBS["search"] else [],
    output:
        runs="<results>/batch/train/{first}-{last}/runs.csv",
        curves="<results>/batch/train/{first}-{last}/curves.csv",
    log:
        "<logs>/batch/train/{first}-{last}.log",
    benchmark:
        "<benchmarks>/batch_train/{first}-{last}.tsv"
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(480),
    params:
        data=subpath(input.data, parent=True),
        folder=subpath(output.runs, parent=True),
        search="--search" if BATCH_JOBS["search"] else "",
        state=f"{STATE}/batch/train/{{first}}-{{last}}",
        sample=f"{BATCH_FLAGS} --sharpness-images {config['batch']['sharpness_images']}",
        device=config["device"],
        seed=config["seed"],
        code=digest("optprimer.batch.commands:batch_train"),
    message:
        "GD and SGD: runs {wildcards.first} to {wildcards.last}"
    shell:
        "optprimer batch-train --data {params.data:q} --plan {input.plan:q} {params.search} {input.search:q}"
        " --rows {wildcards.first} {wildcards.last} --output {params.folder:q} --state {params.state:q}"
        " {params.sample} --device {params.device} --seed {params.seed} --threads {threads} > {log:q} 2>&1"


rule batch_summary:
    input:
        "<results>/batch/runs.csv",
    output:
        tabulated("batch/summary", "Recipes over seeds", "batch"),
    log:
        "<logs>/batch/summary.log",
    localrule: True
    conda:
        CONDA
    params:
        code=digest("optprimer.batch.commands:batch_summary"),
    message:
        "GD and SGD: runs compared over seeds"
    shell:
        "optprimer batch-summary {input:q} --output {output:q} > {log:q} 2>&1"


rule batch_cost:
    input:
        data=DATA,
    output:
        "<results>/batch/cost.csv",
    log:
        "<logs>/batch/cost.log",
    conda:
        CONDA
    threads: config["threads"]
    resources:
        gpu=GPU,
        mem_mb=memory(4000),
        runtime=minutes(30),
    params:
        data=subpath(input.data, parent=True),
        network=COST_FLAGS,
        device=config["device"],
        seed=config["seed"],
        code=digest("optprimer.batch.commands:batch_cost"),
    message:
        "GD and SGD: seconds per step"
    shell:
        "optprimer batch-cost --data {params.data:q} {params.network} --output {output:q} --device {params.device}"
        " --seed {params.seed} --threads {threads} > {log:q} 2>&1"


ruleorder: batch_cost > collect
